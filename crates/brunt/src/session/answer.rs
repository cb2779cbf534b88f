//! What a statement answers: columns, a stream of batches, and remarks.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use futures::{Stream, TryStreamExt};

use crate::error::Error;

/// Batches as they are computed; dropping it cancels the query.
pub type RecordBatchStream = Pin<Box<dyn Stream<Item = Result<RecordBatch, Error>> + Send>>;

/// The answer to one statement.
pub struct Answer {
    pub schema: SchemaRef,
    pub stream: RecordBatchStream,
    /// Whole sentences that the reader should know beside the rows, such as why there are none.
    pub notices: Vec<String>,
}

impl Answer {
    /// No columns, no rows: what `SET` answers.
    pub(crate) fn empty() -> Self {
        Self {
            schema: Arc::new(Schema::empty()),
            stream: Box::pin(futures::stream::empty()),
            notices: Vec::new(),
        }
    }

    /// All batches; without rows there may be none.
    pub async fn collect(self) -> Result<Vec<RecordBatch>, Error> {
        self.stream.try_collect().await
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("schema", &self.schema)
            .field("notices", &self.notices)
            .finish_non_exhaustive()
    }
}
