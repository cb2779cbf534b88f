//! Programs among the clients, by what they say they are.
//!
//! Crawlers name themselves so that they can be told from people: by a word for what they are, by the address of a page
//! about them (`+http://…`), or by the library that sends the request. Whoever pretends to be a browser is not found here.

/// Words that only programs have in what they say they are.
const BOT_WORDS: &[&str] = &[
    "bot",
    "crawler",
    "spider",
    "slurp",
    "crawling",
    "scraper",
    "feedfetcher",
    "mediapartners",
    "facebookexternalhit",
    "bingpreview",
    "archiver",
    "+http",
    "headlesschrome",
    "phantomjs",
    "monitoring",
    "uptime",
    "pingdom",
    "statuscake",
    "lighthouse",
    "pagespeed",
    "checkly",
];

/// Libraries and tools that send requests without a person, at the start of what they say.
const LIBRARIES: &[&str] = &[
    "curl/",
    "wget/",
    "python-requests/",
    "python-urllib/",
    "python-httpx/",
    "aiohttp/",
    "go-http-client/",
    "java/",
    "apache-httpclient/",
    "okhttp/",
    "libwww-perl/",
    "ruby",
    "node-fetch/",
    "axios/",
    "postmanruntime/",
    "kube-probe/",
    "elb-healthchecker/",
    "googlehc/",
    "prometheus/",
    "blackbox",
    "scrapy/",
];

/// Tests that run from outside, which are nobody's visit.
const TEST_WORDS: &[&str] =
    &["datadogsynthetics", "selenium", "playwright", "cypress", "puppeteer"];

/// `bot` or `test`; `None` where it may be a person.
pub(crate) fn synthetic_type(user_agent: &str) -> Option<&'static str> {
    let agent = user_agent.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| agent.contains(word));
    if has(TEST_WORDS) {
        Some("test")
    } else if has_word_bot(&agent)
        || has(BOT_WORDS.get(1..).unwrap_or_default())
        || LIBRARIES.iter().any(|library| agent.starts_with(library))
    {
        Some("bot")
    } else {
        None
    }
}

/// `bot` at the end of a word, as in `Googlebot/2.1`, but not in the name of a device such as `Cubot`.
fn has_word_bot(agent: &str) -> bool {
    let ends = agent.match_indices("bot").filter(|(at, _)| {
        let after = agent.get(at + 3..).and_then(|rest| rest.chars().next());
        !after.is_some_and(char::is_alphanumeric)
    });
    let mut names = ends.map(|(at, _)| agent.get(..at).unwrap_or_default());
    names.any(|before| !before.ends_with("cu"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_that_say_so_are_found_and_people_are_not() {
        for (agent, expected) in [
            (
                "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
                Some("bot"),
            ),
            (
                "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
                Some("bot"),
            ),
            ("curl/8.5.0", Some("bot")),
            ("kube-probe/1.29", Some("bot")),
            ("Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/120.0.0.0 Safari/537.36", Some("bot")),
            ("Mozilla/5.0 (X11) Chrome/120 DatadogSynthetics", Some("test")),
            ("Mozilla/5.0 (Linux; Android 9; CUBOT X19) Chrome/96 Mobile Safari/537.36", None),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/17.1 Safari/605.1.15", None),
            ("", None),
        ] {
            assert_eq!(synthetic_type(agent), expected, "{agent}");
        }
    }
}
