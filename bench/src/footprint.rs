//! What a process uses, as the kernel tells it.

use std::fs;
use std::time::Duration;

use crate::Outcome;

/// How the kernel counts time for programs, whatever it counts in itself.
const TICK: Duration = Duration::from_millis(10);

/// What a process has used up to now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Footprint {
    /// Time on a core, its own and the kernel's for it.
    pub cpu: Duration,
    /// Memory that is in use at this moment, in KiB.
    pub resident_kib: u64,
}

impl Footprint {
    /// That of a running process.
    ///
    /// # Errors
    /// When it does not run.
    pub fn of(pid: u32) -> Outcome<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let cpu = cpu(&stat).ok_or("the process's times cannot be read")?;
        Ok(Self { cpu, resident_kib: resident_kib(&status).ok_or("the process's memory cannot be read")? })
    }
}

/// Fields 14 and 15. The name before them, in parentheses, may hold anything.
fn cpu(stat: &str) -> Option<Duration> {
    let (_, behind_name) = stat.rsplit_once(')')?;
    let mut fields = behind_name.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u32>().ok();
    Some(TICK * (ticks()? + ticks()?))
}

fn resident_kib(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_any_name() {
        let stat = "7 (a) b (c)) S 1 7 7 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 9 0 12345 1 2";
        assert_eq!(cpu(stat), Some(Duration::from_secs(2)));
        assert_eq!(cpu("7 (a"), None);
    }

    #[test]
    fn memory_is_told_in_kib() {
        assert_eq!(resident_kib("VmHWM:\t  900 kB\nVmRSS:\t   51200 kB\n"), Some(51_200));
        assert_eq!(resident_kib("Name:\tbookly\n"), None);
    }

    #[test]
    fn this_process_has_one() {
        assert!(Footprint::of(std::process::id()).unwrap().resident_kib > 0);
    }
}
