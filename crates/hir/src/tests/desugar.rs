//! The code that sugar becomes.

use super::*;
use expect_test::expect;

#[test]
fn counted_and_index_loops() {
    check_code(
        "\
fn f(xs: [int], n: int) -> int:
    var t = 0
    for i in 0..n: t += i
    for i in 0..=n: t += i
    for x in xs: t += x
    t
",
        expect![[r#"
            fn f(xs: [int], n: int) -> int
              block
                let t#2: int = 0
                block
                  let _#3: int = 0
                  let _#4: int = n#1
                  loop 0
                    if (_#3 < _#4)
                      block
                        let i#5: int = _#3
                        _#3 = (_#3 +% 1)
                        block
                          t#2 with _#6 = (_#6 + i#5)
                    else
                      FromNever[nil](break 0)
                block
                  let _#7: int = 0
                  let _#8: int = n#1
                  let _#9: bool = (_#7 <= _#8)
                  loop 1
                    if _#9
                      block
                        let i#10: int = _#7
                        _#9 = (_#7 < _#8)
                        _#7 = (_#7 +% 1)
                        block
                          t#2 with _#11 = (_#11 + i#10)
                    else
                      FromNever[nil](break 1)
                block
                  let _#12: [int] = xs#0
                  let _#13: int = 0
                  loop 2
                    if (_#13 < list_len[int](_#12))
                      block
                        let x#14: int = list_at[int](_#12, _#13)
                        _#13 = (_#13 +% 1)
                        block
                          t#2 with _#15 = (_#15 + x#14)
                    else
                      FromNever[nil](break 2)
                value t#2
        "#]],
    );
}

#[test]
fn loops_by_next_and_by_condition() {
    check_code(
        "\
fn f(xs: [int], d: {str: int}) -> int:
    var t = 0
    for k, v in d: t += v
    while t > 100: t -= 1
    while let Some(x) = xs.pop(): t += x
    t
",
        expect![[r#"
            fn f(xs: [int], d: {str: int}) -> int
              block
                let t#2: int = 0
                block
                  let _#3: EntryIter[str, int] = dict_entries[str, int](d#1)
                  loop 0
                    match <EntryIter[str, int] as Iter[(str, int)]>.next(inout _#3; )
                      case Some(0: _#4)
                        block
                          let (k#5, v#6): (str, int) = _#4
                          block
                            t#2 with _#7 = (_#7 + v#6)
                      case _
                        FromNever[nil](break 0)
                loop 1
                  if (t#2 > 100)
                    block
                      t#2 with _#8 = (_#8 - 1)
                  else
                    FromNever[nil](break 1)
                loop 2
                  match List.pop[int](xs#0)
                    case Some(0: x#9)
                      block
                        t#2 with _#10 = (_#10 + x#9)
                    case _
                      FromNever[nil](break 2)
                value t#2
        "#]],
    );
}

#[test]
fn early_exits_and_defaults() {
    check_code(
        "\
fn f(o: int?, r: Result[int, str]) -> Result[int, str]:
    let Some(x) = o else: return Err(\"none\")
    let y = r?
    Ok(x + y + (o ?? 1))
",
        expect![[r#"
            fn f(o: int?, r: Result[int, str]) -> Result[int, str]
              block
                let Some(0: x#2): int? = o#0
                else return Err(0: "none")
                let y#5: int = match r#1
                  case Ok(0: _#4)
                    _#4
                  case Err(0: _#3)
                    FromNever[int](return Err(0: _#3))
                value construct
                  binary
                    (x#2 + y#5)
                    match o#0
                      case Some(0: _#6)
                        _#6
                      case _
                        1
        "#]],
    );
}

#[test]
fn comprehensions_and_collections() {
    check_code(
        "\
fn f(xs: [int]) -> {int: {int}}:
    {x: {y for y in 0..x} for x in xs if x > 0}
",
        expect![[r#"
            fn f(xs: [int]) -> {int: {int}}
              block
                let _#1: {int: {int}} = dict_new[int, {int}]()
                block
                  let _#2: [int] = xs#0
                  let _#3: int = 0
                  loop 0
                    if (_#3 < list_len[int](_#2))
                      block
                        let x#4: int = list_at[int](_#2, _#3)
                        _#3 = (_#3 +% 1)
                        if (x#4 > 0)
                          call
                            _#1
                            x#4
                            block
                              let _#5: {int} = set_new[int]()
                              block
                                let _#6: int = 0
                                let _#7: int = x#4
                                loop 1
                                  if (_#6 < _#7)
                                    block
                                      let y#8: int = _#6
                                      _#6 = (_#6 +% 1)
                                      set_add[int](_#5, y#8)
                                  else
                                    FromNever[nil](break 1)
                              value _#5
                    else
                      FromNever[nil](break 0)
                value _#1
        "#]],
    );
}

#[test]
fn texts() {
    check_code(
        "\
fn f(x: float, p: (int, str)):
    print(f\"{x:.2f} of {p}\", 1, end: \"\")
    assert x > 0.0, \"positive\"
",
        expect![[r#"
            fn f(x: float, p: (int, str)) -> nil
              block
                block
                  let _#2: str = str_join_array(array[<float as Format>.format(x#0, ".2f"), " of ", <(int, str) as Show>.show(p#1)])
                  value print_text(str_join_array(array[_#2, " ", <int as Show>.show(1)]), "")
                if Not((x#0 > 0.0))
                  FromNever[nil](panic Assert "positive")
        "#]],
    );
}

#[test]
fn comparison_chains_evaluate_their_middles_once() {
    check_code(
        "fn f(xs: [int]) -> bool: 0 <= xs.len() < 10 and 3 in xs\n",
        expect![[r#"
        fn f(xs: [int]) -> bool
          logic
            block
              let _#1: int = 0
              let _#2: int = <[int] as Len>.len(xs#0)
              value ((_#1 <= _#2) and (_#2 < 10))
            block
              let _#3: int = 3
              value <[int] as Contains[int]>.contains(xs#0, _#3)
    "#]],
    );
}

#[test]
fn functions_in_blocks_capture_or_are_hoisted() {
    check_code(
        "\
fn f(n: int) -> int:
    fn square(x): x * x
    fn scaled(x): x * n
    fn down(k: int) -> int: if k == 0: n else: down(k - 1)
    defer print(square(n))
    square(n) + scaled(2) + down(3)
",
        expect![[r#"
            fn f(n: int) -> int
              block
                let scaled#2: fn(int) -> int = fn (x#1) captures [n#0]
                  (x#1 * n#0)
                let &down#4: fn(int) -> int = fn (k#3) captures []
                  FromNever[int](panic Explicit "called before it was declared")
                &down#4 = fn (k#5) captures [n#0, &down#4]
                  if (k#5 == 0)
                    n#0
                  else
                    (&down#4)((k#5 - 1))
                let _#6: int = square[int](n#0)
                defer fn () captures [_#6]
                  print_text(<int as Show>.show(_#6), "\n")
                value ((square[int](n#0) + (scaled#2)(2)) + (&down#4)(3))
        "#]],
    );
}

#[test]
fn patterns() {
    check_code(
        "\
struct P:
    x: int
    y: int
fn f(v: any, xs: [int]) -> int:
    match v:
        case int(n) if n > 0: n
        case P(x: 0, y): y
        case [any](ys): ys.len()
        case 'a'..='z' | 'A'..='Z': 1
        case _:
            match xs:
                case [a, ..rest, b]: a + rest.len() + b
                case [] | [_]: 0
",
        expect![[r#"
            fn f(v: any, xs: [int]) -> int
              match v#0
                case is int n#2
                  guard (n#2 > 0)
                  n#2
                case is P P(x: 0, y: y#3)
                  y#3
                case is [any] ys#4
                  <[any] as Len>.len(ys#4)
                case is char 'a'..='z' | is char 'A'..='Z'
                  1
                case _
                  match xs#1
                    case [a#5, ..rest#6, b#7]
                      ((a#5 + <[int] as Len>.len(rest#6)) + b#7)
                    case [] | [_]
                      0
        "#]],
    );
}

#[test]
fn actors_generators_and_futures() {
    check_code(
        "\
enum Msg:
    Inc(int)
    Get(Reply[int])
actor Counter(start: int) of Msg:
    var count = start
    loop:
        receive:
            case Inc(by): count += by
            case Get(reply): reply.send(count)
    terminate reason:
        print(count, reason)
fn* numbers(n: int) -> int:
    yield n
    yield* numbers(n - 1)
fn f():
    let c = spawn Counter(40) with (name: \"c\")
    c.send(Inc(2))
    let n = await c.ask(Get)
    let sum = async: n + 1
    for x in numbers(3): print(x + await sum)
    receive:
        down pid, reason: print(reason)
        after 10: pass
",
        expect![[r#"
            fn f() -> nil
              block
                let c#1: Pid[Msg] = block
                  let _#0: int = 40
                  value spawn fn spawn () captures [_#0]
                    Counter(_#0)
                    Name "c"
                Pid.send[Msg](c#1, Inc(0: 2))
                let n#3: int = await
                  call
                    c#1
                    fn (_#2) captures []
                      Get(0: _#2)
                let sum#4: Future[int] = async fn async () captures [n#3]
                  (n#3 + 1)
                block
                  let _#5: Gen[int] = <Gen[int] as Iterable[int, Gen[int]]>.iter(numbers(3))
                  loop 0
                    match <Gen[int] as Iter[int]>.next(inout _#5; )
                      case Some(0: _#6)
                        block
                          let x#7: int = _#6
                          block
                            block
                              let _#8: int = (x#7 + await sum#4)
                              value print_text(<int as Show>.show(_#8), "\n")
                      case _
                        FromNever[nil](break 0)
                value receive never
                  down pid#9, reason#10
                    block
                      let _#11: ExitReason = reason#10
                      value print_text(<ExitReason as Show>.show(_#11), "\n")
                  after 10
                    block
        "#]],
    );
}
