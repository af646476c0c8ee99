//! A small disk of a trial's own, in memory, that can be filled to the last byte.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

/// How large it is: an empty server has 60 MB.
const SIZE: &str = "size=160m,mode=1777";

/// How much is written at once to fill it.
const PIECE: [u8; 4096] = [1; 4096];

/// A small disk, gone with the last that knows it.
#[derive(Clone, Debug)]
pub struct Room(Arc<Mounted>);

#[derive(Debug)]
struct Mounted(PathBuf);

impl Room {
    /// A disk at a path where nothing is.
    ///
    /// # Panics
    /// When this user may not mount one.
    pub fn new(path: &Path) -> Self {
        std::fs::create_dir_all(path).expect("the folder of the trial is ours");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", SIZE, "tmpfs"]).arg(path).status();
        let is_mounted = mounted.is_ok_and(|status| status.success());
        assert!(is_mounted, "a small disk is mounted for this trial, which only root may do: run it as root");
        Self(Arc::new(Mounted(path.to_owned())))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0.0
    }

    /// Leaves no room on it.
    ///
    /// # Panics
    /// When it cannot be written to at all.
    pub fn fill(&self) {
        let mut filler = File::create(self.filler()).expect("the disk is there");
        while filler.write_all(&PIECE).is_ok() {}
    }

    /// Makes room again.
    ///
    /// # Panics
    /// When it was not full.
    pub fn clear(&self) {
        std::fs::remove_file(self.filler()).expect("it was filled before");
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // A server may still be about to end; then it is gone with that.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
