//! Sessions as values on machines in this process: no socket, no thread, no clock.

mod bench;
mod examples;
mod filters;
mod hmp;
mod hotplug;
mod network;
mod qmp;
mod qtest;
