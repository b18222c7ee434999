//! The ports of the function, all in one.

use crate::config::Config;
use crate::onboarding::Engine;
use crate::ports::{Clock, Directory, Notifier, Queue, Secrets, Sessions, WriteIam};

/// The ports of the function, all in one: what it is generic over.
pub trait Ports {
    /// The organization's register of accounts.
    type Directory: Directory + Clone;
    /// The way into accounts.
    type Sessions: Sessions<Session: WriteIam> + Clone;
    /// Where configuration and external ids are kept.
    type Secrets: Secrets + Clone;
    /// Time.
    type Clock: Clock + Clone;
    /// The queue that the function is started by.
    type Queue: Queue;
    /// Who is told.
    type Notifier: Notifier;

    /// The engine, on the same clients.
    fn engine(&self, config: Config) -> Engine<Self::Directory, Self::Sessions, Self::Secrets, Self::Clock>;
    /// Where configuration and external ids are kept.
    fn secrets(&self) -> &Self::Secrets;
    /// Time.
    fn clock(&self) -> &Self::Clock;
    /// The queue that the function is started by.
    fn queue(&self) -> &Self::Queue;
    /// Who is told.
    fn notifier(&self) -> &Self::Notifier;
}

/// The clients of the function, made once and used for every invocation.
pub struct Clients<D, S, X, C, Q, N> {
    /// The organization's register of accounts.
    pub directory: D,
    /// The way into accounts.
    pub sessions: S,
    /// Where configuration and external ids are kept.
    pub secrets: X,
    /// Time.
    pub clock: C,
    /// The queue that the function is started by.
    pub queue: Q,
    /// Who is told.
    pub notifier: N,
}

impl<D, S, X, C, Q, N> Ports for Clients<D, S, X, C, Q, N>
where
    D: Directory + Clone,
    S: Sessions<Session: WriteIam> + Clone,
    X: Secrets + Clone,
    C: Clock + Clone,
    Q: Queue,
    N: Notifier,
{
    type Directory = D;
    type Sessions = S;
    type Secrets = X;
    type Clock = C;
    type Queue = Q;
    type Notifier = N;

    fn engine(&self, config: Config) -> Engine<D, S, X, C> {
        let (directory, sessions) = (self.directory.clone(), self.sessions.clone());
        Engine { directory, sessions, secrets: self.secrets.clone(), clock: self.clock.clone(), config }
    }

    fn secrets(&self) -> &X {
        &self.secrets
    }

    fn clock(&self) -> &C {
        &self.clock
    }

    fn queue(&self) -> &Q {
        &self.queue
    }

    fn notifier(&self) -> &N {
        &self.notifier
    }
}
