//! `decide`: a command reaches a case; events or a rejection come out.

mod act;
mod alarms;
mod open;
mod outside;
mod verbs;
mod wake;

use jiff::Timestamp;

pub use outside::CANCELLED;

use crate::case::Case;
use crate::command::{Ask, Command};
use crate::moment::Moment;
pub use crate::moment::{Decision, World};
use crate::process::Process;
use crate::rejection::Rejection;

/// Decides a command. It sees its arguments and nothing else, and changes nothing.
///
/// # Errors
/// Why the command is refused; the case is unchanged.
pub fn decide(
    process: &Process,
    world: &World<'_>,
    case: &Case,
    command: &Command,
    now: Timestamp,
) -> Result<Decision, Rejection> {
    let is_new = matches!(command.ask, Ask::Open { .. });
    if !is_new && !case.is_open() {
        return Err(Rejection::CaseClosed);
    }
    if is_new && case.sequence > 0 {
        return Err(Rejection::NoSuchStart);
    }
    let by = act::actor(process, world, case, command, now)?;
    let calendar = process.calendar_in(world.calendars);
    let mut moment = Moment::new(case, now, &by, world, calendar);
    match &command.ask {
        Ask::Open { case, start, fields, serial } => open::open(process, &mut moment, *case, start, fields, *serial)?,
        Ask::TakeAction { visit, action, fields, seal } => {
            act::take(process, &mut moment, *visit, action, fields, seal.as_ref())?;
        }
        Ask::Claim { .. } | Ask::Release { .. } | Ask::HandOn { .. } | Ask::Delegate { .. } | Ask::Answer { .. } => {
            verbs::task(process, &mut moment, &command.ask)?;
        }
        Ask::Withdraw => verbs::withdraw(process, &mut moment)?,
        Ask::GiveLock { visit } => outside::give_lock(process, &mut moment, *visit)?,
        Ask::Wake => wake::wake(process, &mut moment)?,
        Ask::Deliver { message, fields } => outside::deliver(process, &mut moment, message, fields)?,
        Ask::CloseChild { visit, child, outcome, fields } => {
            outside::close_child(process, &mut moment, *visit, *child, outcome, fields)?;
        }
        Ask::Cancel => outside::cancel(process, &mut moment),
        Ask::FinishJob { visit, fields } => outside::finish_job(process, &mut moment, *visit, fields)?,
        Ask::FailJob { visit, reason } => outside::fail_job(process, &mut moment, *visit, reason)?,
        Ask::Recalculate => wake::recalculate(process, &mut moment),
    }
    process.run(&mut moment)?;
    Ok(moment.into_decision())
}
