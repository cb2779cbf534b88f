//! Bytes to messages and back: the client's messages through a short queue, the server's through one buffer.

use bytes::{Buf, BytesMut};
use pgwire::messages::response::{GssEncResponse, SslResponse};
use pgwire::messages::startup::Startup;
use pgwire::messages::{
    DecodeContext, Message, PgWireFrontendMessage, ProtocolVersion, SslNegotiationMetaMessage,
    cancel::CancelRequest,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, watch};

use crate::error::Report;
use crate::interrupt::Failure;

/// The largest message that is read; a statement of this size is longer than anybody writes.
const MESSAGE_BYTES_MAX: usize = 16 << 20;

/// Messages that wait while a statement runs; more stay in the client's socket.
const QUEUE_LENGTH: usize = 4;

/// Bytes of rows that are collected before they are sent.
pub(crate) const FLUSH_BYTES: usize = 32 << 10;

/// How a connection begins.
#[derive(Debug)]
pub(crate) enum Opening {
    Session(Startup),
    Cancel(CancelRequest),
}

/// The server's half of a connection.
#[derive(Debug)]
pub(crate) struct Output {
    socket: OwnedWriteHalf,
    buffer: BytesMut,
}

impl Output {
    pub(crate) fn new(socket: OwnedWriteHalf) -> Self {
        Self { socket, buffer: BytesMut::new() }
    }

    /// Appends a message; [`Self::flush`] sends it.
    pub(crate) fn put(&mut self, message: &impl Message) -> Result<(), Report> {
        message.encode(&mut self.buffer).map_err(|error| Report::new("08P01", error.to_string()))
    }

    /// Where rows are written to.
    pub(crate) fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// Sends what was put. May be dropped at any moment: what was not sent is still there.
    pub(crate) async fn flush(&mut self) -> Result<(), Failure> {
        while self.buffer.has_remaining() {
            let n_bytes = self.socket.write(&self.buffer).await.map_err(|_| Failure::Gone)?;
            if n_bytes == 0 {
                return Err(Failure::Gone);
            }
            self.buffer.advance(n_bytes);
        }
        Ok(())
    }
}

/// Reads up to the startup or cancel request; requests for encryption are declined.
pub(crate) async fn open(socket: &mut TcpStream, buffer: &mut BytesMut) -> Option<Opening> {
    let mut context = DecodeContext::default();
    loop {
        match PgWireFrontendMessage::decode(buffer, &context).ok()? {
            Some(PgWireFrontendMessage::SslNegotiation(
                SslNegotiationMetaMessage::PostgresSsl(_),
            )) => {
                socket.write_all(&[SslResponse::BYTE_REFUSE]).await.ok()?;
            }
            Some(PgWireFrontendMessage::SslNegotiation(
                SslNegotiationMetaMessage::PostgresGss(_),
            )) => {
                socket.write_all(&[GssEncResponse::BYTE_REFUSE]).await.ok()?;
            }
            Some(PgWireFrontendMessage::SslNegotiation(SslNegotiationMetaMessage::None)) => {
                context.awaiting_frontend_ssl = false;
            }
            Some(PgWireFrontendMessage::Startup(startup)) => {
                return Some(Opening::Session(startup));
            }
            Some(PgWireFrontendMessage::CancelRequest(request)) => {
                return Some(Opening::Cancel(request));
            }
            Some(_) => return None,
            None => {
                if socket.read_buf(buffer).await.ok()? == 0 {
                    return None;
                }
            }
        }
    }
}

/// Reads messages in a task of its own, so that a client that leaves is noticed while its statement runs. The second
/// receiver is closed when the client's side of the socket is.
pub(crate) fn read(
    socket: OwnedReadHalf,
    buffer: BytesMut,
) -> (mpsc::Receiver<Result<PgWireFrontendMessage, Report>>, watch::Receiver<()>) {
    let (messages, queue) = mpsc::channel(QUEUE_LENGTH);
    let (alive, client) = watch::channel(());
    tokio::spawn(async move {
        read_all(socket, buffer, messages).await;
        drop(alive);
    });
    (queue, client)
}

async fn read_all(
    mut socket: OwnedReadHalf,
    mut buffer: BytesMut,
    messages: mpsc::Sender<Result<PgWireFrontendMessage, Report>>,
) {
    let mut context = DecodeContext::default();
    context.protocol_version = ProtocolVersion::PROTOCOL3_0;
    context.awaiting_frontend_ssl = false;
    context.awaiting_frontend_startup = false;
    loop {
        if message_length(&buffer).is_some_and(|length| length > MESSAGE_BYTES_MAX) {
            let _ =
                messages.send(Err(Report::fatal("54000", "a message is larger than 16 MB"))).await;
            return;
        }
        match PgWireFrontendMessage::decode(&mut buffer, &context) {
            Ok(Some(message)) => {
                if messages.send(Ok(message)).await.is_err() {
                    return;
                }
            }
            Ok(None) => match socket.read_buf(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            },
            Err(error) => {
                let _ = messages.send(Err(Report::fatal("08P01", error.to_string()))).await;
                return;
            }
        }
    }
}

fn message_length(buffer: &BytesMut) -> Option<usize> {
    let bytes: [u8; 4] = buffer.get(1..5)?.try_into().ok()?;
    usize::try_from(u32::from_be_bytes(bytes)).ok()
}
