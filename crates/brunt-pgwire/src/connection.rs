//! One connection: startup, then message after message, each answered whole before the next is looked at.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use brunt::Session;
use bytes::BytesMut;
use pgwire::messages::PgWireFrontendMessage;
use pgwire::messages::response::{CommandComplete, EmptyQueryResponse, ReadyForQuery};
use pgwire::messages::startup::{
    Authentication, BackendKeyData, NegotiateProtocolVersion, ParameterStatus, SecretKey, Startup,
};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::catalog::{self, Catalog};
use crate::error::Report;
use crate::interrupt::{Failure, Interrupt, Registration};
use crate::portal::Sink;
use crate::query::on_cpu;
use crate::server::Server;
use crate::settings::Settings;
use crate::socket::{self, Output};
use crate::statement;
use crate::transaction::Transaction;

mod execute;
mod extended;
mod session;

use execute::{Completion, Opened};
use extended::Prepared;

/// What one client has: its session, its settings, what it prepared and opened.
pub(crate) struct Connection {
    server: Arc<Server>,
    output: Output,
    interrupt: Interrupt,
    session: Arc<Session>,
    catalog: Arc<Catalog>,
    settings: Arc<Mutex<Settings>>,
    /// What RESET goes back to.
    origin: Settings,
    /// Settings as the client was last told them.
    told: Vec<(&'static str, String)>,
    transaction: Transaction,
    statements: HashMap<String, Prepared>,
    portals: HashMap<String, Opened>,
    /// After an error in the extended protocol everything up to the next Sync is passed over.
    skips: bool,
    _registration: Registration,
}

/// Talks to a client until it leaves.
pub(crate) async fn run(
    server: Arc<Server>,
    socket: TcpStream,
    buffer: BytesMut,
    startup: Startup,
    (pid, key): (i32, SecretKey),
    admitted: Result<(), Report>,
) {
    let (input, output) = socket.into_split();
    let (mut messages, client) = socket::read(input, buffer);
    let (cancels, registration) = server.registry.register(pid, key.clone());
    let interrupt = Interrupt::new(cancels, client);
    let mut output = Output::new(output);
    let opened = match admitted.and_then(|()| settings(&startup)) {
        Ok(settings) => open(&server, settings, pid).await,
        Err(report) => Err(report),
    };
    let (session, catalog, settings, origin) = match opened {
        Ok(opened) => opened,
        Err(report) => {
            // The client may be gone already.
            let _ = output.put(&report.into_error());
            let _ = output.flush().await;
            return;
        }
    };
    let mut connection = Connection {
        server,
        output,
        interrupt,
        session,
        catalog,
        settings,
        origin,
        told: Vec::new(),
        transaction: Transaction::default(),
        statements: HashMap::new(),
        portals: HashMap::new(),
        skips: false,
        _registration: registration,
    };
    if connection.greet(&startup, pid, key).await.is_ok() {
        connection.serve(&mut messages).await;
    }
}

type Parts = (Arc<Session>, Arc<Catalog>, Arc<Mutex<Settings>>, Settings);

async fn open(
    server: &Arc<Server>,
    settings: (String, Settings),
    pid: i32,
) -> Result<Parts, Report> {
    let (user, settings) = settings;
    let shared = Arc::new(Mutex::new(settings.clone()));
    let of_catalog = Arc::clone(&shared);
    let server = Arc::clone(server);
    let cpu = server.cpu.clone();
    let (session, catalog) = on_cpu(&cpu, async move {
        let session = server.store.session().await?;
        let relations =
            server.relations.get_or_try_init(|| catalog::Relations::of(&session)).await?;
        let catalog = Arc::new(Catalog::new(Arc::clone(relations), of_catalog, user, pid));
        catalog::install(&session, &catalog)?;
        Ok::<_, Report>((Arc::new(session), catalog))
    })
    .await?
    .map_err(|report| Report::fatal(&report.code, report.message))?;
    Ok((session, catalog, shared, settings))
}

/// The user and the settings that a startup message asks for.
fn settings(startup: &Startup) -> Result<(String, Settings), Report> {
    if startup.protocol_number_major != 3 {
        return Err(Report::fatal("0A000", "only version 3 of the protocol is supported"));
    }
    let fatal = |report: Report| Report::fatal(&report.code, report.message);
    let user = startup
        .parameters
        .get("user")
        .ok_or_else(|| Report::fatal("28000", "no user name specified in startup packet"))?;
    let base = Settings::new(user);
    let mut settings = base.clone();
    for (name, value) in &startup.parameters {
        match name.as_str() {
            "user" | "database" | "replication" => {}
            "options" => {
                for (name, value) in session::options(value) {
                    settings.set(&name, Some(&value), &base).map_err(fatal)?;
                }
            }
            name if name.starts_with("_pq_.") => {}
            name => {
                settings.set(name, Some(value), &base).map_err(fatal)?;
            }
        }
    }
    Ok((user.clone(), settings))
}

impl Connection {
    /// Lets the client in, and tells it what it must know.
    async fn greet(&mut self, startup: &Startup, pid: i32, key: SecretKey) -> Result<(), Failure> {
        let options: Vec<String> =
            startup.parameters.keys().filter(|name| name.starts_with("_pq_.")).cloned().collect();
        if startup.protocol_number_minor > 0 || !options.is_empty() {
            self.output
                .put(&NegotiateProtocolVersion::new(Startup::PROTOCOL_VERSION_3_0, options))?;
        }
        self.output.put(&Authentication::Ok)?;
        self.apply_zone().await?;
        self.tell_settings()?;
        self.output.put(&BackendKeyData::new(pid, key))?;
        self.ready().await
    }

    async fn serve(
        &mut self,
        messages: &mut mpsc::Receiver<Result<PgWireFrontendMessage, Report>>,
    ) {
        while let Some(message) = messages.recv().await {
            let done = match message {
                Ok(PgWireFrontendMessage::Terminate(_)) => return,
                Ok(message) => self.answer(message).await,
                Err(report) => {
                    let _ = self.output.put(&report.into_error());
                    let _ = self.output.flush().await;
                    return;
                }
            };
            if done.is_err() {
                return;
            }
        }
    }

    /// Answers one message; an error here means that the client is gone.
    async fn answer(&mut self, message: PgWireFrontendMessage) -> Result<(), Failure> {
        use PgWireFrontendMessage as Message;
        let timeout = self.settings().statement_timeout();
        match message {
            Message::Query(query) => {
                self.interrupt.begin(timeout);
                if let Err(failure) = self.simple(query.query).await {
                    self.fail(failure)?;
                }
                self.skips = false;
                self.ready().await
            }
            Message::Sync(_) => {
                self.skips = false;
                if !self.transaction.is_open() {
                    self.close_portals();
                }
                self.ready().await
            }
            Message::Flush(_) => self.output.flush().await,
            // What a client sends for a COPY FROM that was refused.
            Message::CopyData(_) | Message::CopyDone(_) | Message::CopyFail(_) => Ok(()),
            _ if self.skips => Ok(()),
            message => {
                if matches!(message, Message::Execute(_) | Message::Parse(_) | Message::Bind(_)) {
                    self.interrupt.begin(timeout);
                }
                if let Err(failure) = self.extended(message).await {
                    self.fail(failure)?;
                    self.skips = true;
                    self.output.flush().await?;
                }
                Ok(())
            }
        }
    }

    /// The simple protocol: every statement of a text, each answered with its rows.
    async fn simple(&mut self, text: String) -> Result<(), Failure> {
        let statements = self
            .interrupt
            .guard(on_cpu(&self.server.cpu, async move { statement::parse(&text) }))
            .await???;
        if statements.is_empty() {
            self.output.put(&EmptyQueryResponse::new())?;
            return Ok(());
        }
        self.pin().await?;
        for statement in &statements {
            let mut opened = self.open(statement, &[], None, &[]).await?;
            if let Some(description) = opened.description() {
                self.output.put(&description)?;
            }
            if let Completion::Tag(tag) = self.execute(&mut opened, None).await? {
                self.output.put(&CommandComplete::new(tag))?;
            }
        }
        Ok(())
    }

    /// Tells the client what went wrong; what it had opened in a transaction is gone with it.
    fn fail(&mut self, failure: Failure) -> Result<(), Failure> {
        match failure {
            Failure::Gone => Err(Failure::Gone),
            Failure::Report(report) => {
                self.transaction.fail();
                self.close_portals();
                Ok(self.output.put(&report.into_error())?)
            }
        }
    }

    async fn ready(&mut self) -> Result<(), Failure> {
        self.tell_settings()?;
        self.output.put(&ReadyForQuery::new(self.transaction.status()))?;
        self.output.flush().await
    }

    /// Reports settings that have changed since the client was last told.
    fn tell_settings(&mut self) -> Result<(), Report> {
        let now = self.settings().reported();
        for (name, value) in &now {
            if !self.told.iter().any(|told| told == &(*name, value.clone())) {
                self.output.put(&ParameterStatus::new((*name).to_owned(), value.clone()))?;
            }
        }
        self.told = now;
        Ok(())
    }

    /// Portals end with their transaction, but for cursors WITH HOLD.
    fn close_portals(&mut self) {
        self.portals.retain(|_, portal| portal.is_held());
    }

    /// Takes the newest epoch, unless a transaction keeps the one that it began with.
    async fn pin(&mut self) -> Result<(), Failure> {
        if !self.transaction.is_open() {
            let session = Arc::clone(&self.session);
            let pinned = on_cpu(&self.server.cpu, async move { session.pin().await.map(|_| ()) });
            self.interrupt.guard(pinned).await??.map_err(Report::from)?;
        }
        Ok(())
    }

    fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sink<'a>(
        output: &'a mut Output,
        interrupt: &'a mut Interrupt,
        zone: &'a crate::encode::Zone,
        server: &'a Server,
    ) -> Sink<'a> {
        Sink { output, interrupt, zone, cpu: &server.cpu }
    }
}
