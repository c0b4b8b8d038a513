//! A proxy before a MongoDB server that knows one command from another: it cuts the connection at a chosen command, before
//! or after its effect, or keeps the answer back.
//!
//! It understands `OP_MSG` (<https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/>), whose first section is
//! a document with the command's name as its first key. Compressed messages are not asked for by the driver here.
//! Commands that keep the connection alive (`hello` and so on) pass and are not counted.

use std::net::SocketAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::task::JoinHandle;

/// `opCode` of `OP_MSG`.
const OP_MSG: i32 = 2013;
/// Commands that tell nothing of what a client does.
const UNCOUNTED: [&str; 8] =
    ["hello", "isMaster", "ismaster", "ping", "endSessions", "saslStart", "saslContinue", "buildInfo"];

/// What happens to a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The connection ends before the server sees the command.
    CutBefore,
    /// The server carries the command out; the connection ends before its answer.
    CutAfter,
    /// The connection ends in the middle of the answer.
    CutInside,
    /// The server carries the command out; its answer never comes.
    Silence,
    /// The command waits until [`MongoProxy::go_on`], then it is forwarded.
    Hold,
}

/// At which command a fault happens.
#[derive(Debug, Clone)]
struct Rule {
    /// The command's name, or any.
    command: Option<&'static str>,
    /// So many of them pass before.
    pass: usize,
    /// Whether those behind the first one meet it too.
    lasting: bool,
    fault: Fault,
}

#[derive(Debug)]
struct Shared {
    upstream: SocketAddr,
    rule: Mutex<Option<Rule>>,
    /// The names of all counted commands, in the order in which they came.
    seen: Mutex<Vec<String>>,
    /// One permit for each command that was kept.
    reached: Semaphore,
    released: Notify,
}

/// The proxy. Dropped, it ends with all its connections.
#[derive(Debug)]
pub struct MongoProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

impl Drop for MongoProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl MongoProxy {
    /// Starts one before the server at this port.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("has an address");
        let shared = Arc::new(Shared {
            upstream: SocketAddr::from(([127, 0, 0, 1], port)),
            rule: Mutex::default(),
            seen: Mutex::default(),
            reached: Semaphore::new(0),
            released: Notify::new(),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self { address, shared, accepting }
    }

    /// The connection string through it, with these options behind.
    pub fn uri(&self, options: &str) -> String {
        format!("mongodb://{}/?directConnection=true{options}", self.address)
    }

    /// The names of the commands that came since it was asked last.
    pub fn take_seen(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.seen.lock())
    }

    /// The first of these commands (`None`: of all) after `pass` others meets the fault, once.
    pub fn once(&self, command: Option<&'static str>, pass: usize, fault: Fault) {
        *self.shared.rule.lock() = Some(Rule { command, pass, lasting: false, fault });
    }

    /// All of these commands meet the fault, until [`Self::relent`].
    pub fn always(&self, command: Option<&'static str>, fault: Fault) {
        *self.shared.rule.lock() = Some(Rule { command, pass: 0, lasting: true, fault });
    }

    /// Nothing happens to commands any more.
    pub fn relent(&self) {
        *self.shared.rule.lock() = None;
    }

    /// Whether the ordered fault is still to come.
    pub fn is_armed(&self) -> bool {
        self.shared.rule.lock().is_some()
    }

    /// Waits until one more command has met [`Fault::Silence`] or [`Fault::Hold`].
    ///
    /// # Panics
    /// Never: the semaphore is not closed.
    pub async fn reached(&self) {
        self.shared.reached.acquire().await.expect("is open").forget();
    }

    /// Lets a command go on that [`Fault::Hold`] keeps.
    pub fn go_on(&self) {
        self.shared.released.notify_one();
    }
}

impl Shared {
    /// Notes the command and tells what is to happen to it.
    fn meet(&self, command: &str) -> Option<Fault> {
        if UNCOUNTED.contains(&command) {
            return None;
        }
        self.seen.lock().push(command.to_owned());
        let mut slot = self.rule.lock();
        let rule = slot.as_mut().filter(|rule| rule.command.is_none_or(|wanted| wanted == command))?;
        if rule.pass > 0 {
            rule.pass -= 1;
            return None;
        }
        let fault = rule.fault;
        if !rule.lasting {
            *slot = None;
        }
        Some(fault)
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            // That a side has gone is no fault of the proxy's.
            let _ = carry(client, &shared).await;
        });
    }
}

/// Carries one connection: messages from the client one by one, each followed by its answer.
async fn carry(client: TcpStream, shared: &Shared) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    let server = TcpStream::connect(shared.upstream).await?;
    server.set_nodelay(true)?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    // What is to happen to answers, told by the direction of the commands. Answers may be more than commands: a server
    // streams its `hello`.
    let (order, mut orders) = mpsc::channel::<Fault>(1);
    let commands = async {
        loop {
            let message = read_message(&mut from_client).await?;
            let fault = command_name(&message).and_then(|command| shared.meet(&command));
            match fault {
                Some(Fault::CutBefore) => return Ok(()),
                Some(Fault::Hold) => {
                    shared.reached.add_permits(1);
                    shared.released.notified().await;
                }
                Some(fault) => {
                    // The connection has no other command under way: the next answer is this one's.
                    let _ = order.send(fault).await;
                }
                None => {}
            }
            to_server.write_all(&message).await?;
        }
    };
    let answers = async {
        loop {
            let answer = read_message(&mut from_server).await?;
            match orders.try_recv() {
                Ok(Fault::CutAfter) => return Ok(()),
                Ok(Fault::CutInside) => return cut_inside(&mut to_client, &answer).await,
                Ok(Fault::Silence) => {
                    shared.reached.add_permits(1);
                    std::future::pending::<()>().await;
                }
                Ok(Fault::CutBefore | Fault::Hold) | Err(_) => to_client.write_all(&answer).await?,
            }
        }
    };
    let ended: std::io::Result<()> = tokio::select! {
        ended = commands => ended,
        ended = answers => ended,
    };
    ended
}

async fn cut_inside(to_client: &mut OwnedWriteHalf, answer: &[u8]) -> std::io::Result<()> {
    to_client.write_all(&answer[..answer.len() / 2]).await?;
    to_client.shutdown().await
}

/// Reads one message: its length, itself included, stands at its beginning.
async fn read_message(from: &mut (impl tokio::io::AsyncRead + Unpin)) -> std::io::Result<Vec<u8>> {
    let mut message = vec![0; 4];
    from.read_exact(&mut message).await?;
    let length = i32::from_le_bytes([message[0], message[1], message[2], message[3]]);
    let length = usize::try_from(length).ok().filter(|length| (16..=64 << 20).contains(length));
    let length = length.ok_or(std::io::ErrorKind::InvalidData)?;
    message.resize(length, 0);
    from.read_exact(&mut message[4..]).await?;
    Ok(message)
}

/// The command's name: the first key of the document in the first section, if that is of the kind that holds one.
fn command_name(message: &[u8]) -> Option<String> {
    let code = i32::from_le_bytes(message.get(12..16)?.try_into().ok()?);
    if code != OP_MSG || *message.get(20)? != 0 {
        return None;
    }
    // After the flags and the section's kind: the document's length, its first element's type, and its key.
    let key = message.get(26..)?;
    let end = key.iter().position(|byte| *byte == 0)?;
    String::from_utf8(key[..end].to_vec()).ok()
}
