//! Frames in UDP or unix datagrams.
#![forbid(unsafe_code)]
