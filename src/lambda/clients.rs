//! The clients of the function behind one trait.

use onboarding_engine::ports::{Notifier, Queue, Sessions, World, WriteIam};

/// Everything that the function needs from outside. Production uses the AWS SDK, tests use an in-memory simulation.
pub trait Ports {
    /// The ports of the engine.
    type World: World<Sessions: Sessions<Session: WriteIam>>;
    /// The queue that invokes the function, and its dead-letter queue.
    type Queue: Queue;
    /// The destination of notifications.
    type Notifier: Notifier;

    /// The ports of the engine.
    fn world(&self) -> &Self::World;
    /// The queue that invokes the function, and its dead-letter queue.
    fn queue(&self) -> &Self::Queue;
    /// The destination of notifications.
    fn notifier(&self) -> &Self::Notifier;
}

/// The clients of the function, created once and shared by all invocations.
pub struct Clients<W, Q, N> {
    /// The ports of the engine.
    pub world: W,
    /// The queue that invokes the function, and its dead-letter queue.
    pub queue: Q,
    /// The destination of notifications.
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
