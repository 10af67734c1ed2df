//! Why there is no back end, or none that will do.

use std::io;

use vhost::vhost_user::Error as ProtocolError;

/// Why a netdev was not made, or a back end was sent away.
#[derive(Debug, thiserror::Error)]
pub enum VhostUserError {
    /// `queues=` is no number of queue pairs.
    #[error("vhost-user number of queues must be in range [1, 1024], not {0}")]
    Queues(i64),
    /// The back end serves fewer queue pairs than were asked for.
    #[error("you are asking more queues than supported: {supported}, and queues={asked}")]
    TooManyQueues {
        /// Pairs asked for.
        asked: u16,
        /// Pairs the back end serves.
        supported: u64,
    },
    /// The back end that came back has fewer features than the one before it.
    #[error("the back end lacks features that the guest was offered: {0:#x}")]
    Features(u64),
    /// There is no connection, and there will be none.
    #[error("Failed to connect to '{chardev}': {error}")]
    Connect {
        /// The chardev.
        chardev: String,
        /// Why.
        error: io::Error,
    },
    /// The conversation broke off.
    #[error("vhost-user: {doing}: {error}")]
    Protocol {
        /// What was being said.
        doing: &'static str,
        /// What went wrong.
        error: ProtocolError,
    },
    /// The back end refused a message.
    #[error("vhost-user: {0}: the back end refuses")]
    Refused(&'static str),
    /// The operating system refused.
    #[error("vhost-user: {doing}: {error}")]
    Os {
        /// What was being done.
        doing: &'static str,
        /// Why not.
        error: io::Error,
    },
}

impl VhostUserError {
    pub(crate) fn os(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Os { doing, error }
    }

    /// What crate `vhost` makes of a failure while `doing`.
    pub(crate) fn protocol(doing: &'static str) -> impl FnOnce(vhost::Error) -> Self {
        move |error| match error {
            vhost::Error::VhostUserProtocol(ProtocolError::BackendInternalError) => {
                Self::Refused(doing)
            }
            vhost::Error::VhostUserProtocol(error) => Self::Protocol { doing, error },
            vhost::Error::IOError(error) => Self::Os { doing, error },
            other => Self::Os { doing, error: io::Error::other(other.to_string()) },
        }
    }
}
