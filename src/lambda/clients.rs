//! The ports of the function, all in one.

use onboarding_engine::ports::{Notifier, Queue, Sessions, World, WriteIam};

/// The ports of the function, all in one: what it is generic over.
pub trait Ports {
    /// What the engine works with.
    type World: World<Sessions: Sessions<Session: WriteIam>>;
    /// The queue that the function is started by.
    type Queue: Queue;
    /// Who is told.
    type Notifier: Notifier;

    /// What the engine works with.
    fn world(&self) -> &Self::World;
    /// The queue that the function is started by.
    fn queue(&self) -> &Self::Queue;
    /// Who is told.
    fn notifier(&self) -> &Self::Notifier;
}

/// The clients of the function, made once and used for every invocation.
pub struct Clients<W, Q, N> {
    /// What the engine works with.
    pub world: W,
    /// The queue that the function is started by.
    pub queue: Q,
    /// Who is told.
    pub notifier: N,
}

impl<W: World<Sessions: Sessions<Session: WriteIam>>, Q: Queue, N: Notifier> Ports for Clients<W, Q, N> {
    type World = W;
    type Queue = Q;
    type Notifier = N;

    fn world(&self) -> &W {
        &self.world
    }

    fn queue(&self) -> &Q {
        &self.queue
    }

    fn notifier(&self) -> &N {
        &self.notifier
    }
}
