//! What is shown to a person: colours and progress, both only on a terminal.
//! Must never write to standard output, which belongs to the program.

use crate::cli::Color;
use indicatif::{ProgressBar, ProgressStyle};
use sepal_base::Style;
use sepal_driver::Phase;
use std::io::{IsTerminal, Write};
use std::time::Duration;

pub fn style(color: Color) -> Style {
    let coloured = match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
    };
    if coloured { Style::Coloured } else { Style::Plain }
}

/// Says how long a phase took.
pub fn phase(phase: Phase, took: Duration) {
    // Without a standard error there is nobody to tell.
    drop(writeln!(std::io::stderr(), "{:<8}{:>10.3} ms", phase.name(), took.as_secs_f64() * 1e3));
}

/// A line that says what is being done, shown once the work has taken a second.
pub struct Progress {
    bar: ProgressBar,
    /// Dropping the sender ends the thread that waits for the second to pass.
    _done: std::sync::mpsc::Sender<()>,
}

impl Progress {
    pub fn start(what: String) -> Progress {
        let bar = ProgressBar::hidden();
        let (done, waiting) = std::sync::mpsc::channel();
        if std::io::stderr().is_terminal() {
            let shown = bar.clone();
            std::thread::spawn(move || {
                if waiting.recv_timeout(Duration::from_secs(1))
                    == Err(std::sync::mpsc::RecvTimeoutError::Timeout)
                {
                    shown.set_style(ProgressStyle::default_spinner());
                    shown.set_draw_target(indicatif::ProgressDrawTarget::stderr());
                    shown.set_message(what);
                    shown.enable_steady_tick(Duration::from_millis(120));
                }
            });
        }
        Progress { bar, _done: done }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
