//! Every diagnostic of the checker once, and a check that none is left out.

use super::*;
use expect_test::expect_file;
use sepal_base::codes;

/// Each program stands in `codes.txt` with what is said about it.
const PROGRAMS: &[&str] = &[
    // E0101 to E0111
    "fn f(): nothing\n",
    "fn f(x: Missing): pass\n",
    "import missing\n",
    "fn f(): pass\nfn f(): pass\nstruct S:\n    x: int\n    x: str\n",
    "import a\n// file: a.spl\nimport b\n// file: b.spl\nimport a\n",
    "from a import hidden\n// file: a.spl\nfn hidden(): pass\n",
    "fn f(): 1.missing()\n",
    "enum A:\n    X\nenum B:\n    X\nfn f():\n    let a = X\n",
    "@inlin\nfn f(): pass\n",
    "fn f():\n    break\n    yield 1\n    self\n",
    "fn f(x: int): x = 1\n",
    // E0201 to E0222
    "fn f() -> int: \"one\"\n",
    "fn g(a: int): pass\nfn f(): g()\n",
    "fn g(a: int): pass\nfn f(): g(1, b: 2)\n",
    "fn f(x: Option[int, int]): pass\n",
    "fn g[T: Ord](x: T): pass\nfn f(): g(fn(): 1)\n",
    "fn f():\n    let xs = []\n",
    "fn f():\n    let b: u8 = 300\n    let n: i8 = -129\n",
    "fn f(): 1(2)\n",
    "fn f(): 1 + \"one\"\n",
    "fn f(): int(\"5\")\n",
    "trait T:\n    fn m(self) -> int\nimpl T for int:\n    fn m(self) -> str: \"\"\n",
    "trait T:\n    fn m(self) -> int: 1\nimpl T for int: pass\nimpl T for int: pass\n",
    "trait T:\n    fn m(self) -> int\nimpl T for int: pass\n",
    "type Loop = [Loop]\nlet a = b\nlet b = a\nstruct S:\n    s: S\n",
    "class C:\n    var x: int\n    fn init(self): pass\n",
    "fn f():\n    for x in 1.5: pass\n",
    "fn f() -> int: Some(1)?\n",
    "fn f(): f\"{\"x\":d}\"\n",
    "fn main(x: int): pass\n",
    "struct P:\n    x: int\nfn f() -> P: P\n",
    "extern \"C\" fn puts(s: str) -> int\n",
    "fn pair(x): (x, x)\nfn f():\n    let a = pair(pair(pair(1)))\n    let b = pair(pair(pair(a)))\n    let c = pair(pair(pair(b)))\n    pair(c)\n",
    // E03xx, E04xx, W0xxx
    "fn f(x: int?):\n    match x:\n        case Some(1): pass\n        case None: pass\n",
    "fn f(x: int?):\n    let Some(y) = x\n",
    "fn f(x: int):\n    match x:\n        case \"one\": pass\n        case _: pass\n",
    "fn f(x: (int, int)):\n    match x:\n        case (1, a) | (b, 1): pass\n        case _: pass\n",
    "fn f(xs: [int]):\n    requires xs.pop() == None\n    pass\n",
    "fn a() -> int of int:\n    receive:\n        case n: n\nfn b() -> str of str:\n    a()\n    receive:\n        case s: s\n",
    "fn* g(): yield 1\nactor A() of Gen[int]:\n    receive:\n        case g: pass\nfn f():\n    let a = spawn A()\n    a.send(g())\n",
    "fn f(x: bool):\n    match x:\n        case _: pass\n        case true: pass\n",
    "fn f(x: int?):\n    match x:\n        case Soma: pass\n",
];

#[test]
fn every_code_is_said_as_expected() {
    let mut out = String::new();
    for text in PROGRAMS {
        out.push_str(&format!("{text}----\n{}====\n", diagnostics(text)));
    }
    expect_file!["codes.txt"].assert_eq(&out);
    let own = ["E01", "E02", "E03", "E04", "W0"];
    let missing: Vec<&str> = codes::all()
        .map(|code| code.id())
        .filter(|id| {
            own.iter().any(|prefix| id.starts_with(prefix)) && !out.contains(&format!("[{id}]"))
        })
        .collect();
    assert!(missing.is_empty(), "no test for {missing:?}");
}
