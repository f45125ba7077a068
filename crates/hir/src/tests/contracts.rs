//! Contracts.

use super::*;
use expect_test::expect;

#[test]
fn contracts_stand_around_the_body_in_order() {
    check_code(
        "\
class Account:
    var balance: int
    invariant self.balance >= 0, \"overdrawn\"
fn f(a: Account, n: int) -> Result[int, str]:
    requires n > 0, \"positive\"
    ensures result == old(a.balance) - n
    ensures_err a.balance == old(a.balance)
    if n > a.balance: return Err(\"too much\")
    a.balance -= n
    Ok(a.balance)
",
        expect![[r#"
            fn f(a: Account, n: int) -> Result[int, str]
              block
                check requires in f "n > 0" (n#1 > 0)
                  message "positive"
                old _#5 = a#0.balance
                old _#7 = a#0.balance
                check invariant in f "self.balance >= 0" (a#0.balance >= 0)
                  message "overdrawn"
                let _#3: Result[int, str] = loop 0
                  break
                    block
                      if (n#1 > a#0.balance)
                        break 0 Err(0: "too much")
                      a#0.balance with _#2 = (_#2 - n#1)
                      value Ok(0: a#0.balance)
                check invariant in f "self.balance >= 0" (a#0.balance >= 0)
                  message "overdrawn"
                match _#3
                  case Ok(0: _#4)
                    block
                      check ensures in f "result == old(a.balance) - n" (_#4 == (_#5 - n#1))
                  case _
                    nil
                match _#3
                  case Err(0: _#6)
                    block
                      check ensures_err in f "a.balance == old(a.balance)" (a#0.balance == _#7)
                  case _
                    nil
                value _#3
        "#]],
    );
}

#[test]
fn conditions_are_pure() {
    check_diagnostics(
        "\
class Log:
    var lines: [str]
    fn add(self, line: str) -> bool:
        self.lines.push(line)
        true
    fn size(self) -> int: self.lines.len()
fn g(l: Log) -> int:
    requires l.add(\"g\")
    requires l.size() > 0 and l.lines.sorted().len() == l.size()
    ensures print(\"done\") == nil
    l.size()
",
        expect![[r#"
            error[E0401]: contracts are pure, but this has an effect
             --> main.spl:8:14
              |
            8 |     requires l.add("g")
              |              ^^^^^^^^^^
              |
              = note: `add` changes something that exists, or writes

            error[E0401]: contracts are pure, but this has an effect
              --> main.spl:10:13
               |
            10 |     ensures print("done") == nil
               |             ^^^^^^^^^^^^^
               |
               = note: this changes something that exists, or writes

        "#]],
    );
}
