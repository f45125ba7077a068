//! The numbers by which compiled code and the runtime speak of actors: what a receive was shown, how an actor is
//! spawned. Each list stands here once; a number that is on none is an internal error.

macro_rules! numbered {
    ($($(#[$emeta:meta])* $enum:ident { $($(#[$meta:meta])* $variant:ident = $number:literal,)+ })+) => {$(
        $(#[$emeta])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u8)]
        pub enum $enum { $($(#[$meta])* $variant = $number,)+ }

        impl $enum {
            /// The number, as calls carry it.
            pub const fn number(self) -> i64 {
                self as i64
            }

            /// What a number stands for.
            pub const fn from_number(number: i64) -> Option<$enum> {
                match number {
                    $($number => Some($enum::$variant),)+
                    _ => None,
                }
            }
        }
    )+};
}

numbered! {
    /// What `rt_mailbox_next` gives beside the object.
    Received {
        /// Nothing that this receive has not looked at.
        Nothing = 0,
        Message = 1,
        Down = 2,
        Exit = 3,
        TimeIsOver = 4,
    }

    /// What `rt_spawn_option` sets for the next spawn.
    SpawnSetting {
        Priority = 0,
        MaxHeap = 1,
        MaxMailbox = 2,
        Overflow = 3,
        /// Not 0: its body sets what runs when it ends, and is not ended by a signal before that.
        Terminates = 4,
    }

    /// What an actor is doing, in the order of the variants of `std.actor.ActorState`.
    ActorState {
        /// It has a core, or is in the operating system.
        Running = 0,
        /// It waits for a core.
        Runnable = 1,
        /// It waits for a signal, an answer or a time.
        Waiting = 2,
        /// It has a reason to end; its defers or its `terminate` run.
        Ending = 3,
    }

    /// What `rt_info_number` gives.
    InfoItem {
        /// An `ActorState`.
        State = 0,
        Mailbox = 1,
        Heap = 2,
        Reductions = 3,
        /// The parent's pid, or 0.
        Parent = 4,
        Links = 5,
        Monitors = 6,
        Watchers = 7,
        TrapsExits = 8,
    }

    /// How `rt_spawn` connects an actor with its spawner.
    Connection {
        Plain = 0,
        Link = 1,
        Monitor = 2,
    }
}
