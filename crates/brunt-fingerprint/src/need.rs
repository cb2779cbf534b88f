//! Step 9: whether the message must be part of the key. Where the location says enough, it is not.

use crate::refusal::refuses_input;
use crate::text::last_part;
use crate::words::Words;

/// Types that are thrown for everything, without their module.
static GENERIC_TYPES: Words = Words::new(&[
    "Exception",
    "Error",
    "Throwable",
    "BaseException",
    "RuntimeException",
    "RuntimeError",
    "StandardError",
    "IllegalStateException",
    "IllegalArgumentException",
    "UnsupportedOperationException",
    "InvalidOperationException",
    "InvalidOperation",
    "AssertionError",
    "AssertionException",
    "AssertionFailedError",
    "InternalError",
    "SystemError",
    "ExecutionException",
    "CompletionException",
    "InvocationTargetException",
    "UndeclaredThrowableException",
    "UncheckedIOException",
    "IOException",
    "ServletException",
    "NestedServletException",
    "ServiceException",
    "ApplicationException",
    "BusinessException",
    "ApiException",
    "ApiError",
    "AppError",
    "CustomError",
    "errorString",
    "wrapError",
    "anyhow",
    "panic",
    "fatal",
    "exit",
    "throw",
    "error",
    "ErlangError",
    "ErrorException",
    "LogicException",
    "ArgumentException",
    "FatalError",
    "PreconditionFailed",
    "AssertionFailed",
    "SIGABRT",
    "NSGenericException",
    "UnknownError",
    "Unknown",
]);

/// Errors of clients of other systems: the stack shows the call, the message the fault.
static CARRIER_TYPES: Words = Words::new(&[
    "StatusRuntimeException",
    "StatusException",
    "StatusCode",
    "RpcError",
    "RpcException",
    "_InactiveRpcError",
    "_MultiThreadedRendezvous",
    "AioRpcError",
    "HttpException",
    "HTTPException",
    "HTTPError",
    "HttpError",
    "HttpErrorResponse",
    "HttpResponseException",
    "HttpStatusCodeException",
    "HttpClientErrorException",
    "HttpServerErrorException",
    "HttpRequestException",
    "HTTPStatusError",
    "ResponseStatusException",
    "RestClientResponseException",
    "WebClientResponseException",
    "WebApplicationException",
    "ClientResponseError",
    "ClientResponseException",
    "FeignException",
    "AxiosError",
    "FetchError",
    "GotError",
    "ResponseError",
    "RequestException",
    "ClientError",
    "SdkClientException",
    "AmazonServiceException",
    "SQLException",
    "PSQLException",
    "SqlException",
    "SqliteException",
    "MySqlException",
    "NpgsqlException",
    "OracleException",
    "PostgresException",
    "COMException",
    "Win32Exception",
    "OperationalError",
    "ProgrammingError",
    "DatabaseError",
    "DataError",
    "IntegrityError",
    "NotSupportedError",
    "QueryFailedError",
    "SequelizeDatabaseError",
    "PrismaClientKnownRequestError",
    "UncategorizedSQLException",
    "DataAccessResourceFailureException",
    "GenericJDBCException",
    "MongoError",
    "MongoServerError",
    "MongoException",
    "GraphQLError",
    "GraphQLException",
    "ApolloError",
]);

/// How well the stack says where the error comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Location {
    NoStack,
    LibraryOnly,
    /// Names of the app were shortened by a minifier.
    Minified,
    /// A throw helper or a guard was hit.
    Guarded,
    Unnamed,
    Named,
}

/// Why the message must count; `None` where type and culprit say enough. The type comes without its module; a rule
/// may call it generic.
pub(crate) fn reason(
    location: Location,
    short_type: &str,
    is_numeric: bool,
    is_generic: bool,
) -> Option<&'static str> {
    match location {
        Location::NoStack => Some("used: no stack"),
        Location::LibraryOnly => Some("used: library frames only"),
        Location::Minified => Some("used: minified names"),
        Location::Guarded => Some("used: a helper or guard was hit"),
        Location::Unnamed => Some("used: culprit has no name"),
        Location::Named if is_numeric => Some("used: numeric type"),
        Location::Named
            if is_generic
                || short_type.is_empty()
                || GENERIC_TYPES.have_in_any_case(short_type) =>
        {
            Some("used: generic type")
        }
        Location::Named if CARRIER_TYPES.have_in_any_case(short_type) => {
            Some("used: type carries another system's error")
        }
        Location::Named if refuses_input(short_type) => Some("used: type refuses an input"),
        Location::Named => None,
    }
}

/// The type without package, module or enclosing class.
pub(crate) fn short_type(type_name: &str) -> &str {
    let last = last_part(type_name, |b| matches!(b, b'.' | b'$' | b':' | b'/' | b'\\'));
    if last.is_empty() { type_name } else { last }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clear_location_needs_no_message() {
        assert_eq!(reason(Location::Named, "CardDeclined", false, false), None);
        for unclear in [
            Location::NoStack,
            Location::LibraryOnly,
            Location::Minified,
            Location::Guarded,
            Location::Unnamed,
        ] {
            assert!(reason(unclear, "CardDeclined", false, false).is_some(), "{unclear:?}");
        }
        for unclear in ["RuntimeException", "SQLException", ""] {
            assert!(reason(Location::Named, unclear, false, false).is_some(), "{unclear}");
        }
        assert!(reason(Location::Named, "CardDeclined", true, false).is_some());
        assert!(reason(Location::Named, "CardDeclined", false, true).is_some());
    }

    #[test]
    fn short_types_are_the_last_part() {
        assert_eq!(short_type("java.lang.Error"), "Error");
        assert_eq!(short_type("Outer$Inner"), "Inner");
        assert_eq!(short_type(""), "");
    }
}
