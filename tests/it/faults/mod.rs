//! What breaks while Hookline works, and what is there all the same.

#[cfg(feature = "faults")]
mod clock;
mod disk;
mod floods;
mod load;
#[cfg(feature = "faults")]
mod maintenance;
mod mongodb;
mod process;
