//! A text to the tokens of its statements, with a bound on how deep they can nest before anything recursive sees them.

use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use crate::error::Report;

/// How deep a tree a statement may make: operators chained in one expression, and those around the parentheses that it
/// stands in, together. Ten times what tools generate, and a fraction of what the planner's stack holds.
const DEPTH_MAX: usize = 1000;

/// The tokens of each statement, without space, comments and semicolons; empty statements are left out.
pub(super) fn statements(text: &str) -> Result<Vec<Vec<TokenWithSpan>>, Report> {
    let tokens = Tokenizer::new(&PostgreSqlDialect {}, text)
        .tokenize_with_location()
        .map_err(|error| Report::syntax(error.to_string()))?;
    let mut statements = vec![Vec::new()];
    for token in tokens {
        match token.token {
            Token::Whitespace(_) | Token::EOF => {}
            Token::SemiColon => statements.push(Vec::new()),
            _ => {
                if let Some(statement) = statements.last_mut() {
                    statement.push(token);
                }
            }
        }
    }
    statements.retain(|statement| !statement.is_empty());
    statements.iter().try_for_each(|statement| check_depth(statement))?;
    Ok(statements)
}

/// What chains inside one pair of parentheses: an upper bound of the depth of the tree that the parser makes of it.
#[derive(Debug, Default)]
struct Level {
    /// UNION and its kin, and joins.
    sets: usize,
    /// AND and OR of the present clause or item.
    logical: usize,
    /// Other operators of the present term.
    others: usize,
}

impl Level {
    fn depth(&self) -> usize {
        self.sets + self.logical + self.others
    }
}

/// Counts without recursion: the depth is the sum over all parentheses, brackets and CASEs that are open.
fn check_depth(tokens: &[TokenWithSpan]) -> Result<(), Report> {
    let mut open = vec![Level::default()];
    let mut outer = 0;
    for token in tokens {
        let n_open = open.len();
        let Some(level) = open.last_mut() else { break };
        match effect(&token.token) {
            Effect::Open => {
                outer += level.depth() + 1;
                open.push(Level::default());
            }
            Effect::Close if n_open > 1 => {
                open.pop();
                outer -= open.last().map_or(0, Level::depth) + 1;
            }
            Effect::Separate => *level = Level { sets: level.sets, ..Level::default() },
            Effect::Set => *level = Level { sets: level.sets + 1, ..Level::default() },
            Effect::Logical => *level = Level { logical: level.logical + 1, others: 0, ..*level },
            Effect::Operator => level.others += 1,
            Effect::Close | Effect::Operand => {}
        }
        if outer + open.last().map_or(0, Level::depth) > DEPTH_MAX {
            return Err(Report::too_deep());
        }
    }
    Ok(())
}

/// What a token does to the depth.
enum Effect {
    Open,
    Close,
    Separate,
    Set,
    Logical,
    Operator,
    Operand,
}

fn effect(token: &Token) -> Effect {
    match token {
        Token::LParen | Token::LBracket | Token::LBrace => Effect::Open,
        Token::RParen | Token::RBracket | Token::RBrace => Effect::Close,
        Token::Comma => Effect::Separate,
        Token::Word(word) if word.quote_style.is_none() => match word.keyword {
            Keyword::CASE => Effect::Open,
            Keyword::END => Effect::Close,
            Keyword::SELECT
            | Keyword::FROM
            | Keyword::WHERE
            | Keyword::HAVING
            | Keyword::GROUP
            | Keyword::ON
            | Keyword::WHEN
            | Keyword::THEN
            | Keyword::ELSE => Effect::Separate,
            Keyword::UNION | Keyword::INTERSECT | Keyword::EXCEPT | Keyword::JOIN => Effect::Set,
            Keyword::OR | Keyword::AND => Effect::Logical,
            Keyword::NOT
            | Keyword::LIKE
            | Keyword::ILIKE
            | Keyword::IS
            | Keyword::BETWEEN
            | Keyword::COLLATE
            | Keyword::OPERATOR
            | Keyword::AT => Effect::Operator,
            _ => Effect::Operand,
        },
        Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::EscapedStringLiteral(_)
        | Token::DollarQuotedString(_)
        | Token::Placeholder(_)
        | Token::Word(_)
        | Token::Period => Effect::Operand,
        _ => Effect::Operator,
    }
}
