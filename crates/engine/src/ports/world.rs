//! The ports of the engine, all in one.

use super::{Clock, Directory, LeaseStore, Secrets, Sessions, VendorApi};

/// The ports of the engine, all in one: what it is generic over.
pub trait World: Sync {
    /// The organization's register of accounts.
    type Directory: Directory;
    /// The way into accounts.
    type Sessions: Sessions;
    /// Where configuration, external IDs and keys are kept.
    type Secrets: Secrets;
    /// Who is at work in which account.
    type LeaseStore: LeaseStore;
    /// The registers of vendors.
    type VendorApi: VendorApi;
    /// Time.
    type Clock: Clock;

    /// The organization's register of accounts.
    fn directory(&self) -> &Self::Directory;
    /// The way into accounts.
    fn sessions(&self) -> &Self::Sessions;
    /// Where configuration and external IDs are kept.
    fn secrets(&self) -> &Self::Secrets;
    /// Who is at work in which account.
    fn leases(&self) -> &Self::LeaseStore;
    /// The registers of vendors.
    fn vendors(&self) -> &Self::VendorApi;
    /// Time.
    fn clock(&self) -> &Self::Clock;
}

/// Ports, each by itself, as a world.
#[derive(Debug, Clone)]
pub struct Ports<D, S, X, K, R, C> {
    /// The organization's register of accounts.
    pub directory: D,
    /// The way into accounts.
    pub sessions: S,
    /// Where configuration and external IDs are kept.
    pub secrets: X,
    /// Who is at work in which account.
    pub leases: K,
    /// The registers of vendors.
    pub vendors: R,
    /// Time.
    pub clock: C,
}

/// One thing that is every port: a simulated organization, or one with faults.
pub type Whole<P> = Ports<P, P, P, P, P, P>;

impl<P: Clone> From<P> for Whole<P> {
    fn from(all: P) -> Self {
        let [directory, sessions, secrets, leases, vendors] = [(); 5].map(|()| all.clone());
        Self { directory, sessions, secrets, leases, vendors, clock: all }
    }
}

impl<D: Directory, S: Sessions, X: Secrets, K: LeaseStore, R: VendorApi, C: Clock> World for Ports<D, S, X, K, R, C> {
    type Directory = D;
    type Sessions = S;
    type Secrets = X;
    type LeaseStore = K;
    type VendorApi = R;
    type Clock = C;

    fn directory(&self) -> &D {
        &self.directory
    }

    fn sessions(&self) -> &S {
        &self.sessions
    }

    fn secrets(&self) -> &X {
        &self.secrets
    }

    fn leases(&self) -> &K {
        &self.leases
    }

    fn vendors(&self) -> &R {
        &self.vendors
    }

    fn clock(&self) -> &C {
        &self.clock
    }
}

impl<W: World> World for &W {
    type Directory = W::Directory;
    type Sessions = W::Sessions;
    type Secrets = W::Secrets;
    type LeaseStore = W::LeaseStore;
    type VendorApi = W::VendorApi;
    type Clock = W::Clock;

    fn directory(&self) -> &W::Directory {
        W::directory(self)
    }

    fn sessions(&self) -> &W::Sessions {
        W::sessions(self)
    }

    fn secrets(&self) -> &W::Secrets {
        W::secrets(self)
    }

    fn leases(&self) -> &W::LeaseStore {
        W::leases(self)
    }

    fn vendors(&self) -> &W::VendorApi {
        W::vendors(self)
    }

    fn clock(&self) -> &W::Clock {
        W::clock(self)
    }
}
