//! One suite that every database must pass: what the shell promises, on SQLite and on PostgreSQL.

mod anchors;
mod backups;
mod bench;
mod calendar;
mod clock;
mod cluster;
mod cooling;

mod effects;
mod frozen;
mod hops;
mod incidents;
mod keys;
mod locks;
mod messages;
mod newer;
mod numbers;
mod pages;
mod people;
mod pooler;
mod presence;
mod pruning;
mod put_back;
mod queues;
mod retention;
mod runner;
mod sharding;
mod stopping;
mod storage;
mod tampering;
mod templates;
mod town;
mod unwell;
mod web;
