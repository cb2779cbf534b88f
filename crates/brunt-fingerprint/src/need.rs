//! Step 9: whether the message must be part of the key. Where the location says enough, it is not.

use crate::text::holds;

/// Types that are thrown for everything, without their module.
const GENERIC_TYPES: [&str; 38] = [
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
    "UnknownError",
    "Unknown",
];

/// Errors of clients of other systems: the stack shows the call, the message the fault.
const CARRIER_TYPES: [&str; 55] = [
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
];

/// What is known of the root when the need is decided.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Root<'a> {
    /// Without its module.
    pub(crate) type_name: &'a str,
    pub(crate) is_numeric: bool,
    pub(crate) has_app_frame: bool,
    pub(crate) has_frame: bool,
    pub(crate) is_guarded: bool,
    pub(crate) is_named: bool,
    pub(crate) is_minified: bool,
}

/// Why the message must count; `None` where the culprit says enough.
pub(crate) fn reason(root: Root<'_>) -> Option<&'static str> {
    if !root.has_frame {
        return Some("used: no stack");
    }
    if !root.has_app_frame {
        return Some("used: library frames only");
    }
    if root.is_minified {
        return Some("used: minified names");
    }
    if root.is_guarded {
        return Some("used: a helper or guard was hit");
    }
    if !root.is_named {
        return Some("used: culprit has no name");
    }
    if root.is_numeric {
        return Some("used: numeric type");
    }
    if root.type_name.is_empty() || holds(&GENERIC_TYPES, root.type_name) {
        return Some("used: generic type");
    }
    if is_carrier(root.type_name) {
        return Some("used: type carries another system's error");
    }
    None
}

pub(crate) fn is_carrier(type_name: &str) -> bool {
    holds(&CARRIER_TYPES, type_name)
}

/// The type without package, module or enclosing class.
pub(crate) fn short_type(type_name: &str) -> &str {
    type_name.rsplit(['.', '$', ':', '/', '\\']).next().filter(|last| !last.is_empty()).unwrap_or(type_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLEAR: Root<'_> =
        Root { type_name: "CardDeclined", is_numeric: false, has_app_frame: true, has_frame: true, is_guarded: false, is_named: true, is_minified: false };

    #[test]
    fn a_clear_location_needs_no_message() {
        assert_eq!(reason(CLEAR), None);
        for unclear in [
            Root { type_name: "RuntimeException", ..CLEAR },
            Root { type_name: "", ..CLEAR },
            Root { type_name: "SQLException", ..CLEAR },
            Root { is_numeric: true, ..CLEAR },
            Root { has_app_frame: false, ..CLEAR },
            Root { has_frame: false, ..CLEAR },
            Root { is_guarded: true, ..CLEAR },
            Root { is_named: false, ..CLEAR },
            Root { is_minified: true, ..CLEAR },
        ] {
            assert!(reason(unclear).is_some(), "{unclear:?}");
        }
    }

    #[test]
    fn short_types_are_the_last_part() {
        assert_eq!(short_type("java.lang.Error"), "Error");
        assert_eq!(short_type("Outer$Inner"), "Inner");
        assert_eq!(short_type(""), "");
    }
}
