//! Diagnostics E04xx: effects and contracts. Append at the end; a code is permanent.

super::diagnostics! {
    E0401 IMPURE_CONTRACT "a contract has an effect" r#"
The conditions of `requires`, `ensures` and `invariant` may only look: they assign nothing, print
nothing and call nothing that does.
"#;
    E0402 MAILBOX_MISMATCH "the function receives other messages" r#"
A function that receives has a mailbox type, and whoever calls it must have the same.
"#;
    E0403 NOT_SENDABLE "the message cannot leave its actor" r#"
A generator belongs to the actor that made it: no message to another actor may hold one, and neither may
what an actor or a task is started with.
"#;
}
