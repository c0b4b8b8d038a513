//! Serving HTTP/1.1 within bounds: a number of connections, sizes and times of headers, a clean stop.
//!
//! Both the receiver (its port, and what comes through a tunnel without one) and the control API are served by this; what
//! they answer is not its business.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::tunnel::ByteStream;
use crate::tunnel::usage::Meter;

/// Bounds of a server.
#[derive(Debug, Clone, Copy)]
pub struct ServerLimits {
    /// The most connections at once; more wait in the system's queue until one closes.
    pub connections: usize,
    /// How long a request's head may take to arrive, counted from the end of the request before it.
    pub head_timeout: Duration,
    /// The most bytes of a request's head, roughly: what arrives in one read may be up to twice as much.
    pub head_bytes: usize,
    /// The most headers of a request.
    pub headers: usize,
}

impl ServerLimits {
    /// The bounds of a server on a port of its own.
    pub const DEFAULT: Self = Self {
        connections: 2048,
        head_timeout: Duration::from_secs(20),
        head_bytes: 64 * 1024,
        headers: 128,
    };
}

/// Serves connections, wherever they come from, until it is stopped.
#[derive(Debug, Clone)]
pub struct Server {
    router: Router,
    limits: ServerLimits,
    slots: Arc<Semaphore>,
    tasks: TaskTracker,
    stop: CancellationToken,
    abort: CancellationToken,
}

impl Server {
    /// A server of `router`. After `stop` connections end with the request under way.
    pub fn new(router: Router, limits: ServerLimits, stop: CancellationToken) -> Self {
        let slots = Arc::new(Semaphore::new(limits.connections));
        Self { router, limits, slots, tasks: TaskTracker::new(), stop, abort: CancellationToken::new() }
    }

    /// Serves what `listener` accepts, until it is stopped; then waits for the requests under way, for at most `grace`.
    pub async fn listen(self, listener: TcpListener, grace: Duration) {
        loop {
            let (stream, peer, slot) = tokio::select! {
                () = self.stop.cancelled() => break,
                accepted = accept(&listener, &self.slots) => accepted,
            };
            // Answers are small and must not wait for more.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "TCP_NODELAY could not be set");
            }
            self.spawn(stream, peer, slot, None);
        }
        drop(listener);
        self.finish(grace).await;
    }

    /// Serves one connection in the background; with all places taken it is dropped, and the sender comes again. Its
    /// requests are counted by `meter`.
    pub fn take(&self, stream: impl ByteStream, peer: SocketAddr, meter: Arc<Meter>) {
        match Arc::clone(&self.slots).try_acquire_owned() {
            Ok(slot) if !self.stop.is_cancelled() => self.spawn(stream, peer, slot, Some(meter)),
            _ => {
                tracing::debug!(%peer, "a connection was dropped: there are too many, or Hookline is stopping");
            }
        }
    }

    /// Waits for the requests under way, for at most `grace`, and cuts the rest. To be called once it is stopped.
    pub async fn finish(&self, grace: Duration) {
        self.tasks.close();
        if tokio::time::timeout(grace, self.tasks.wait()).await.is_err() {
            tracing::warn!(connections = self.tasks.len(), "connections did not end in time and are cut");
            self.abort.cancel();
            self.tasks.wait().await;
        }
    }

    fn spawn(
        &self,
        stream: impl ByteStream,
        peer: SocketAddr,
        slot: OwnedSemaphorePermit,
        meter: Option<Arc<Meter>>,
    ) {
        let server = self.clone();
        self.tasks.spawn(async move {
            tokio::select! {
                () = server.abort.cancelled() => {}
                () = server.serve(stream, peer, meter) => {}
            }
            drop(slot);
        });
    }

    async fn serve(&self, stream: impl ByteStream, peer: SocketAddr, meter: Option<Arc<Meter>>) {
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            if let Some(meter) = &meter {
                meter.request();
            }
            request.extensions_mut().insert(ConnectInfo(peer));
            let router = self.router.clone();
            async move {
                let response = router.oneshot(request.map(axum::body::Body::new)).await;
                Ok::<_, Infallible>(response.unwrap_or_else(|never| match never {}))
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.head_timeout)
            .max_buf_size(self.limits.head_bytes)
            .max_headers(self.limits.headers)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = pin!(connection);
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = self.stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%peer, %error, "a connection ended early");
        }
    }
}

async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    #[expect(clippy::expect_used, reason = "the semaphore is never closed")]
    let slot = Arc::clone(slots).acquire_owned().await.expect("open");
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, slot),
            Err(error) => {
                // Out of file handles, or a client that is gone again: neither ends the server. The pause keeps the
                // first from turning into a busy loop.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}
