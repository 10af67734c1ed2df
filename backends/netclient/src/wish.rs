//! How one thread tells another that it sleeps, so that it is woken and nothing is missed.
//!
//! The sleeper announces what it waits for, then looks once more; the waker changes something, then looks whether anybody
//! waits. A fence on each side makes one of the two see the other. Model-checked: the tests run this very code on loom's
//! atomics, through every order a processor may show.

use std::sync::atomic::{AtomicBool, Ordering, fence};

/// A flag that two threads share: the standard library's, or a model checker's.
pub(crate) trait Flag {
    /// Not set.
    fn new() -> Self;
    fn set(&self, value: bool);
    /// Clears it; says whether it was set.
    fn take(&self) -> bool;
    /// Nothing moves across, on either side.
    fn fence();
}

impl Flag for AtomicBool {
    fn new() -> Self {
        Self::new(false)
    }

    /// An exchange, as processors make of such a store anyway: all writes stand in one order.
    fn set(&self, value: bool) {
        self.swap(value, Ordering::SeqCst);
    }

    fn take(&self) -> bool {
        self.swap(false, Ordering::SeqCst)
    }

    fn fence() {
        fence(Ordering::SeqCst);
    }
}

/// What a sleeping thread waits for: frames, room, or both.
pub(crate) struct Wishes<F = AtomicBool> {
    frames: F,
    room: F,
}

impl<F: Flag> Wishes<F> {
    /// Nobody waits.
    pub(crate) fn new() -> Self {
        Self { frames: F::new(), room: F::new() }
    }

    /// The sleeper's side: announces what it waits for, and looks once more; `true` if it may sleep until it is woken.
    pub(crate) fn doze(&self, frames: bool, room: bool, there_is: impl FnOnce() -> bool) -> bool {
        self.frames.set(frames);
        self.room.set(room);
        F::fence();
        if there_is() {
            self.awake();
            return false;
        }
        true
    }

    /// Nobody waits any more.
    pub(crate) fn awake(&self) {
        self.frames.set(false);
        self.room.set(false);
    }

    /// The waker's side, after frames were put: whether somebody has to be woken.
    pub(crate) fn frames_came(&self) -> bool {
        Self::answer(&self.frames)
    }

    /// The waker's side, after room was made: whether somebody has to be woken.
    pub(crate) fn room_came(&self) -> bool {
        Self::answer(&self.room)
    }

    fn answer(wish: &F) -> bool {
        F::fence();
        wish.take()
    }
}

#[cfg(test)]
mod tests {
    use loom::sync::atomic::{self, AtomicUsize};
    use loom::sync::{Arc, Notify};
    use loom::thread;

    use super::*;

    impl Flag for atomic::AtomicBool {
        fn new() -> Self {
            Self::new(false)
        }

        fn set(&self, value: bool) {
            self.swap(value, Ordering::SeqCst);
        }

        fn take(&self) -> bool {
            self.swap(false, Ordering::SeqCst)
        }

        fn fence() {
            atomic::fence(Ordering::SeqCst);
        }
    }

    /// A queue of numbers as far as this matters: how many were put and taken, with the orderings of a queue's slots. Its
    /// bell rings once for ever so many strokes, as a socket that can be read.
    struct Model {
        wishes: Wishes<atomic::AtomicBool>,
        put: AtomicUsize,
        taken: AtomicUsize,
        bell: Notify,
    }

    impl Model {
        fn new() -> Arc<Self> {
            Arc::new(Self {
                wishes: Wishes::new(),
                put: AtomicUsize::new(0),
                taken: AtomicUsize::new(0),
                bell: Notify::new(),
            })
        }

        fn waiting(&self) -> usize {
            self.put.load(Ordering::Acquire) - self.taken.load(Ordering::Acquire)
        }
    }

    /// Every order of two threads, with at most so many changes from one to the other where it was not forced.
    fn explore(preemptions: usize, check: impl Fn() + Sync + Send + 'static) {
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = Some(preemptions);
        builder.check(check);
    }

    #[test]
    fn a_sleeper_is_woken_for_every_frame() {
        explore(3, || {
            let model = Model::new();
            let sleeper = Arc::clone(&model);
            let io = thread::spawn(move || {
                let mut heard = 0;
                while heard < 2 {
                    if sleeper.waiting() > 0 {
                        sleeper.taken.fetch_add(1, Ordering::AcqRel);
                        heard += 1;
                    } else if sleeper.wishes.doze(true, false, || sleeper.waiting() > 0) {
                        // Without a stroke of the bell this is a deadlock, which loom reports.
                        sleeper.bell.wait();
                        sleeper.wishes.awake();
                    }
                }
            });
            for _ in 0..2 {
                model.put.fetch_add(1, Ordering::AcqRel);
                if model.wishes.frames_came() {
                    model.bell.notify();
                }
            }
            io.join().unwrap();
        });
    }

    #[test]
    fn a_sleeper_is_woken_for_room() {
        explore(3, || {
            let model = Model::new();
            let sleeper = Arc::clone(&model);
            // One place, and two to be put there.
            let io = thread::spawn(move || {
                for _ in 0..2 {
                    while sleeper.waiting() > 0 {
                        if sleeper.wishes.doze(false, true, || sleeper.waiting() == 0) {
                            sleeper.bell.wait();
                            sleeper.wishes.awake();
                        }
                    }
                    sleeper.put.fetch_add(1, Ordering::AcqRel);
                }
            });
            for _ in 0..2 {
                while model.waiting() == 0 {
                    thread::yield_now();
                }
                model.taken.fetch_add(1, Ordering::AcqRel);
                if model.wishes.room_came() {
                    model.bell.notify();
                }
            }
            io.join().unwrap();
        });
    }
}
