//! Tasks that come and go, wait, or never stop. Must not time what is not in Sepal's program too.

use crate::{report, runtime, tell};
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::unbounded_channel;

/// How many are started at a time.
const BATCH: usize = 1000;

pub async fn spawn(actors: usize) {
    let start = Instant::now();
    let (me, mut mailbox) = unbounded_channel();
    let (mut sum, mut made) = (0, 0);
    while made < actors {
        let batch = BATCH.min(actors - made);
        for n in 0..batch {
            let (child, mut mailbox) = unbounded_channel();
            let to = me.clone();
            tokio::spawn(async move {
                let n = mailbox.recv().await.unwrap_or(0);
                tell(&to, n + 1);
            });
            tell(&child, made + n);
        }
        for _ in 0..batch {
            sum += mailbox.recv().await.expect("this task holds a sender");
        }
        made += batch;
    }
    assert_eq!(sum, actors * (actors + 1) / 2, "lost or doubled");
    report(format!("{actors} actors: {sum}"), actors, start);
}

pub async fn crash(crashes: usize) {
    let start = Instant::now();
    let mut sum = 0;
    for n in 0..crashes {
        // A panic without its report.
        let child = tokio::spawn(async move { std::panic::resume_unwind(Box::new(n)) });
        let Err(error): Result<(), _> = child.await else { panic!("it has not failed") };
        sum += *error.into_panic().downcast::<usize>().expect("another reason");
    }
    assert_eq!(sum, crashes * (crashes - 1) / 2, "lost or doubled");
    report(format!("{crashes} crashes: {sum}"), crashes, start);
}

pub async fn future(futures: usize) {
    let start = Instant::now();
    let mut sum = 0;
    for n in 0..futures {
        sum += tokio::spawn(async move { n + 1 }).await.expect("it does not fail");
    }
    assert_eq!(sum, futures * (futures + 1) / 2, "lost or doubled");
    report(format!("{futures} futures: {sum}"), futures, start);
}

pub async fn idle(actors: usize) {
    stop_here();
    let (me, mut mailbox) = unbounded_channel();
    let mut pids = Vec::with_capacity(actors);
    let mut sum = 0;
    while pids.len() < actors {
        let batch = BATCH.min(actors - pids.len());
        for _ in 0..batch {
            let (child, mut mailbox) = unbounded_channel::<usize>();
            let (n, to) = (pids.len(), me.clone());
            tokio::spawn(async move {
                tell(&to, 1);
                if let Some(question) = mailbox.recv().await {
                    tell(&to, n + question);
                }
            });
            pids.push(child);
        }
        for _ in 0..batch {
            sum += mailbox.recv().await.expect("this task holds a sender");
        }
    }
    assert_eq!(sum, actors, "lost or doubled");
    stop_here();
    for pid in &pids {
        tell(pid, 1);
    }
    sum = 0;
    for _ in 0..actors {
        sum += mailbox.recv().await.expect("this task holds a sender");
    }
    assert_eq!(sum, actors * (actors + 1) / 2, "lost or doubled");
    println!("{actors} idle: {sum}");
}

/// Lets somebody look.
fn stop_here() {
    println!("ready");
    drop(std::io::stdout().flush());
    drop(std::io::stdin().read_line(&mut String::new()));
}

/// What the ticker knows: how late it was, and since when it sleeps.
struct Ticks {
    late: Vec<u128>,
    asleep_since: Instant,
}

impl Ticks {
    fn lateness(&self) -> u128 {
        self.asleep_since.elapsed().saturating_sub(MILLISECOND).as_nanos()
    }
}

const MILLISECOND: Duration = Duration::from_millis(1);

/// Hogs keep their workers for good, so it is this thread that ends the program; a sleep that has not ended by then is
/// as late as it is.
pub fn tick(seconds: usize) {
    const HOGS: usize = 8;
    let runtime = runtime();
    let ticks = Arc::new(Mutex::new(Ticks { late: Vec::new(), asleep_since: Instant::now() }));
    let shared = ticks.clone();
    runtime.spawn(async move {
        loop {
            shared.lock().unwrap_or_else(PoisonError::into_inner).asleep_since = Instant::now();
            tokio::time::sleep(MILLISECOND).await;
            let mut ticks = shared.lock().unwrap_or_else(PoisonError::into_inner);
            let late = ticks.lateness();
            ticks.late.push(late);
        }
    });
    for _ in 0..HOGS {
        runtime.spawn(async {
            let mut x = 1u64;
            loop {
                x = x
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                std::hint::black_box(x);
            }
        });
    }
    std::thread::sleep(Duration::from_secs(seconds as u64));
    let mut ticks = ticks.lock().unwrap_or_else(PoisonError::into_inner);
    let pending = ticks.lateness();
    ticks.late.push(pending);
    ticks.late.sort_unstable();
    println!("{HOGS} hogs");
    println!("ops {} ns {}", ticks.late.len(), ticks.late[ticks.late.len() * 99 / 100]);
    std::process::exit(0);
}
