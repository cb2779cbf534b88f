//! Groups any text, as type, message and stack between zero bytes. A crash, a hang, or two answers for one error are
//! findings, and so is a template that is masked further when it is masked again.
#![no_main]

use brunt_fingerprint::{Occurrence, Rules, frames, group, group_id, template};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let mut fields = text.splitn(3, '\0');
    let occurrence = Occurrence {
        stacktrace: fields.next(),
        message: fields.next(),
        exception_type: fields.next(),
        ..Occurrence::default()
    };
    let rules = Rules::default();
    let info = group(&occurrence, &rules);
    assert_eq!(info.group, group_id(&occurrence, &rules));
    assert_eq!(template(&info.root_template), info.root_template);
    frames(&occurrence, &rules);
});
