//! One suite that every database must pass: what the shell promises, on SQLite and on PostgreSQL.

mod anchors;
mod backups;
mod bench;
mod calendar;
mod clock;
mod cluster;
mod effects;
mod hops;
mod incidents;
mod keys;
mod locks;
mod messages;
mod pages;
mod people;
mod pooler;
mod presence;
mod pruning;
mod put_back;
mod queues;
mod retention;
mod runner;
mod storage;
mod tampering;
mod templates;
mod town;
mod web;
