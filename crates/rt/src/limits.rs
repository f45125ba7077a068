//! How much memory the program may use, if nobody says.
//!
//! Must never let the kernel's out-of-memory killer decide: the limit is a part of what machine and control
//! group have.

use std::fs;

/// The part of the memory that a heap may take: the rest is for stacks, marking and other processes.
const PERCENT: usize = 75;

/// What is assumed where the system does not say how much memory it has.
const UNKNOWN: usize = 4 << 30;

/// The heap limit of a program on this machine.
pub fn default_max_heap() -> usize {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| mem_total(&text));
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let group =
        group_files(&groups).filter_map(|file| number(&fs::read_to_string(file).ok()?)).min();
    let memory = [machine, group].into_iter().flatten().min().unwrap_or(UNKNOWN);
    memory / 100 * PERCENT
}

/// The bytes of `MemTotal` in `/proc/meminfo`.
fn mem_total(meminfo: &str) -> Option<usize> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    number(line.trim().strip_suffix("kB")?)?.checked_mul(1024)
}

fn number(text: &str) -> Option<usize> {
    text.trim().parse().ok()
}

/// The files that may hold a limit for the control groups listed in `/proc/self/cgroup`, outer groups too.
fn group_files(groups: &str) -> impl Iterator<Item = String> {
    let paths = groups.lines().filter_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        Some((fields.next()?, fields.next()?))
    });
    paths.flat_map(|(controllers, path)| {
        let v2 = controllers.is_empty();
        let v1 = controllers.split(',').any(|controller| controller == "memory");
        let path = if v2 || v1 { path } else { "" };
        let outer = std::iter::successors(Some(path), |path| path.rfind('/').map(|at| &path[..at]));
        outer.filter(move |_| v2 || v1).map(move |path| {
            let path = path.trim_end_matches('/');
            if v2 {
                format!("/sys/fs/cgroup{path}/memory.max")
            } else {
                format!("/sys/fs/cgroup/memory{path}/memory.limit_in_bytes")
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_kernel_writes() {
        assert_eq!(
            mem_total("MemTotal:       24596132 kB\nMemFree: 1 kB\n"),
            Some(24596132 * 1024)
        );
        assert_eq!(mem_total("nothing"), None);
        assert_eq!(number("max\n"), None);
        assert_eq!(number("1000\n"), Some(1000));
    }

    #[test]
    fn group_limits_are_looked_for_up_to_the_root() {
        let files: Vec<String> = group_files("4:memory,x:/a/b\n1:cpu:/c\n0::/d\n").collect();
        let expected = [
            "/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes",
            "/sys/fs/cgroup/memory/a/memory.limit_in_bytes",
            "/sys/fs/cgroup/memory/memory.limit_in_bytes",
            "/sys/fs/cgroup/d/memory.max",
            "/sys/fs/cgroup/memory.max",
        ];
        assert_eq!(files, expected);
    }

    #[test]
    fn the_default_is_below_the_machine() {
        assert!(default_max_heap() > 1 << 20);
    }
}
