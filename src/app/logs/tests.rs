use super::*;

const A: &str = "11111111-1111-4111-8111-111111111111";
const B: &str = "22222222-2222-4222-8222-222222222222";

fn line(at: Millis, id: &str, message: &str) -> LogLine {
    LogLine {
        id: id.to_owned(),
        group: "/aws/lambda/pay".into(),
        stream: "s".into(),
        at,
        message: message.replace("<A>", A).replace("<B>", B),
    }
}

/// `at id message`, a line each.
fn lines(script: &str) -> Vec<LogLine> {
    let script = script.lines().map(str::trim).filter(|line| !line.is_empty());
    script
        .map(|text| {
            let mut parts = text.splitn(3, ' ');
            let mut part = || parts.next().unwrap();
            line(part().parse().unwrap(), part(), part())
        })
        .collect()
}

fn logs(script: &str) -> LogBuffer {
    let mut logs = LogBuffer::default();
    logs.add(lines(script));
    logs
}

/// The ids of the lines that are shown.
fn shown(logs: &LogBuffer) -> String {
    ids(logs.shown(0, usize::MAX).map(|entry| &entry.line))
}

/// The ids of the lines in view, in a pane of so many rows.
fn in_view(logs: &LogBuffer, rows: usize) -> String {
    let window = logs.window(rows);
    ids(logs.shown(window.start, window.len()).map(|entry| &entry.line))
}

fn ids<'a>(lines: impl Iterator<Item = &'a LogLine>) -> String {
    lines.map(|line| line.id.as_str()).collect::<Vec<_>>().join(" ")
}

/// Everything that is kept beside the lines is what it would be if it were worked out anew.
fn check_consistency(logs: &LogBuffer) {
    let mut anew = logs.clone();
    anew.sift();
    assert_eq!(logs.shown, anew.shown);
    assert_eq!(logs.found, anew.found);
    let counted = |logs: &LogBuffer| logs.histogram(1).first().copied().unwrap_or_default();
    assert_eq!(counted(logs), counted(&anew));
    let bytes: usize = logs.entries.iter().map(Entry::bytes).sum();
    assert_eq!(logs.bytes, bytes);
    let keys: Vec<_> = logs.entries.iter().map(Entry::key).collect();
    assert!(keys.windows(2).all(|pair| pair[0] < pair[1]));
}

#[test]
fn lines_come_late_twice_and_in_any_order() {
    let mut logs = LogBuffer::default();
    assert_eq!(logs.add(Vec::new()), 0);
    assert_eq!(logs.add(lines("20 c x\n10 a x\n10 b x")), 3);
    assert_eq!(logs.add(lines("20 c x\n30 e x\n20 d x\n30 e x\n5 z x")), 3);
    assert_eq!(logs.add(lines("20 c x")), 0);
    assert_eq!(shown(&logs), "z a b c d e");
    assert_eq!(logs.len(), 6);
    assert_eq!(ids(logs.between(10, 20)), "a b c d");
    assert_eq!(ids(logs.between(21, 29)), "");
    assert_eq!(ids(logs.between(30, 10)), "");
    assert_eq!(ids(logs.all().rev()), "e d c b a z");
    assert_eq!(logs.time(), Some((5, 30)));
    check_consistency(&logs);
}

#[test]
fn the_oldest_are_dropped() {
    let mut logs = LogBuffer::with(3, usize::MAX);
    logs.add(lines("1 a x\n2 b ERROR\n3 c x"));
    logs.look(|view| view.needle = "error".into());
    assert_eq!(logs.matches(), 1);
    assert_eq!(logs.add(lines("4 d x\n5 e x")), 2);
    assert_eq!((shown(&logs).as_str(), logs.matches()), ("c d e", 0));
    assert_eq!(logs.histogram(1), [Bucket { lines: 3, errors: 0 }]);
    // What is older than what was dropped does not come back.
    assert_eq!(logs.add(lines("2 b ERROR\n4 c2 x")), 1);
    assert_eq!(shown(&logs), "c2 d e");
    check_consistency(&logs);

    let one = logs.entries.front().unwrap().bytes();
    let mut logs = LogBuffer::with(usize::MAX, one * 4);
    for at in 0..20 {
        logs.add(vec![line(at, "a", "x")]);
        check_consistency(&logs);
    }
    assert!((3..=4).contains(&logs.len()), "{}", logs.len());
    logs.add(vec![line(30, "a", &"x".repeat(one * 5))]);
    assert!(logs.is_empty());
    assert_eq!(logs.shown_len(), 0);
}

#[test]
fn who_has_scrolled_back_sees_the_same_lines() {
    let mut logs = logs("10 a x\n20 b x\n30 c x\n40 d x\n50 e x");
    assert!(logs.is_following());
    logs.drawn(2);
    logs.scroll_by(-2);
    assert_eq!((in_view(&logs, 2).as_str(), logs.from_end()), ("b c", 2));
    logs.add(lines("60 f x\n25 b2 x\n5 z x"));
    assert_eq!((in_view(&logs, 2).as_str(), logs.from_end()), ("b2 c", 3));
    logs.scroll_by(isize::MIN / 2);
    assert_eq!(in_view(&logs, 2), "z a");
    logs.scroll_by(isize::MAX / 2);
    assert!(logs.is_following());
    logs.add(lines("70 g x"));
    assert_eq!(in_view(&logs, 2), "f g");
    // A filter keeps the place, too.
    logs.scroll_by(-3);
    assert_eq!(in_view(&logs, 1), "d");
    logs.look(|view| view.filter = "!nothing".into());
    assert_eq!(in_view(&logs, 1), "d");
    logs.to_time(27);
    assert_eq!((in_view(&logs, 2).as_str(), logs.marked()), ("b b2", Some(3)));
    logs.add(lines("24 b3 x\n26 b4 x"));
    assert_eq!((in_view(&logs, 2).as_str(), logs.marked()), ("b3 b2", Some(4)));
}

#[test]
fn an_execution_has_the_lines_of_its_requests() {
    let mut logs = logs("10 a START RequestId: <A>\n11 b START RequestId: <B>");
    logs.look(|view| view.scope = Scope::Execution("run-1".into()));
    assert_eq!(shown(&logs), "");
    // Which request is the execution's is known only when a line names it.
    logs.add(lines(
        r#"12 c {"message":"x","execution":"arn:x:run-1","requestId":"<A>"}
           13 d {"message":"x","execution":"arn:x:run-10","requestId":"<B>"}
           14 e END RequestId: <A>
           15 f END RequestId: <B>
           16 g run-1 without a request
           17 h of nobody"#,
    ));
    assert_eq!(shown(&logs), "a c e g");
    check_consistency(&logs);
    logs.add(lines("18 i REPORT RequestId: <A>\n19 j REPORT RequestId: <B>"));
    assert_eq!(shown(&logs), "a c e g i");
    logs.look(|view| view.scope = Scope::Execution("run-10".into()));
    assert_eq!(shown(&logs), "b d f j");
    logs.look(|view| view.scope = Scope::All);
    assert_eq!(logs.shown_len(), 10);
    assert_eq!(ids(logs.lines_of_requests(&[A, "no id"]).into_iter()), "a c e i");
}

#[test]
fn what_a_request_printed_belongs_to_it() {
    let mut logs = logs(
        r#"10 a START RequestId: <A>
           11 b {"message":"x","execution":"run-1","requestId":"<A>"}
           12 c thread 'main' panicked at src/lib.rs:1:1
           13 d END RequestId: <A>
           14 e printed between requests"#,
    );
    logs.look(|view| view.scope = Scope::Execution("run-1".into()));
    assert_eq!(shown(&logs), "a b c d");
}

#[test]
fn jumps_go_from_line_to_line() {
    let mut logs = logs("1 a x\n2 b ERROR\n3 c x\n4 d x\n5 e ERROR\n6 f x\n7 g x\n8 h x");
    let marked = |logs: &LogBuffer| logs.chosen().map(|entry| entry.line.id.clone()).unwrap();
    assert_eq!((logs.next_error(false), marked(&logs).as_str()), (Jump::Made, "e"));
    assert_eq!((logs.next_error(false), marked(&logs).as_str()), (Jump::Made, "b"));
    assert_eq!((logs.next_error(false), marked(&logs).as_str()), (Jump::Wrapped, "e"));
    assert_eq!((logs.next_error(true), marked(&logs).as_str()), (Jump::Wrapped, "b"));
    assert_eq!((logs.next_error(true), marked(&logs).as_str()), (Jump::Made, "e"));
    assert_eq!(logs.next_match(true), Jump::Nowhere);
    // New lines do not take it away.
    logs.add(lines("9 i x\n10 j x"));
    assert_eq!((in_view(&logs, 2).as_str(), logs.is_following()), ("d e", false));
    logs.look(|view| view.needle = "X".into());
    assert_eq!(logs.matches(), 8);
    assert_eq!((logs.nearest_match(), marked(&logs).as_str()), (Jump::Made, "d"));
    assert_eq!((logs.nearest_match(), marked(&logs).as_str()), (Jump::Made, "d"));
    logs.look(|view| view.needle.clear());
    assert_eq!(logs.matches(), 0);
    logs.to_end();
    assert!(logs.is_following());
    // With a pane of six rows some lines follow the one that was jumped to.
    logs.drawn(6);
    logs.next_error(false);
    assert_eq!(in_view(&logs, 6), "e f g h i j");
    logs.next_error(false);
    assert_eq!(in_view(&logs, 6), "a b c d e f");
}

#[test]
fn functions_and_levels_are_filtered_by() {
    let mut logs = logs("1 a START RequestId: <A>\n2 b DEBUG x\n3 c INFO x\n4 d plain\n5 e WARN x\n6 f ERROR x");
    logs.add(vec![LogLine { group: "/aws/lambda/ship".into(), ..line(7, "g", "ERROR y") }]);
    let expected = ["c d e f g", "e f g", "f g", "a b c d e f g"];
    for expected in expected {
        logs.look(LogsView::next_level);
        assert_eq!(shown(&logs), expected);
    }
    assert_eq!(logs.functions().collect::<Vec<_>>(), ["pay", "ship"]);
    for (function, expected) in [(Some("pay"), "a b c d e f"), (Some("ship"), "g"), (None, "a b c d e f g")] {
        let next = logs.next_function();
        assert_eq!(next.as_deref(), function);
        logs.look(|view| view.function = next);
        assert_eq!(shown(&logs), expected);
    }
}

#[test]
fn it_does_not_matter_how_lines_come() {
    // Lines of several requests and executions, in batches that overlap and are out of order.
    let all: Vec<LogLine> = (0..600_i64)
        .map(|number| {
            let request = format!("11111111-1111-4111-8111-{:012}", number % 37);
            let message = match number % 5 {
                0 => format!(r#"{{"level":"ERROR","execution":"run-{}","requestId":"{request}"}}"#, number % 3),
                1 => format!("RequestId: {request} said"),
                2 => format!("INFO {request} money"),
                _ => format!("nobody's line {number}"),
            };
            line(number / 3, &number.to_string(), &message)
        })
        .collect();
    let change = |view: &mut LogsView| {
        view.scope = Scope::Execution("run-1".into());
        view.needle = "said".into();
        view.filter = "!money".into();
    };
    let mut at_once = LogBuffer::default();
    at_once.add(all.clone());
    at_once.look(change);
    let mut chance = 7_u64;
    let mut next = move |below: u64| {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((chance >> 33) % below).unwrap()
    };
    for most in [usize::MAX, 150] {
        let mut logs = LogBuffer::with(most, usize::MAX);
        logs.look(change);
        for from in (0..all.len()).step_by(20) {
            let mut batch: Vec<LogLine> = all[from.saturating_sub(15)..(from + 20).min(all.len())].to_vec();
            for at in 1..batch.len() {
                let other = next(at as u64 + 1);
                batch.swap(at, other);
            }
            logs.add(batch);
            check_consistency(&logs);
            logs.scroll_by(1 - isize::try_from(next(3)).unwrap());
        }
        assert!(logs.shown_len() > 20 && logs.matches() > 5, "{} {}", logs.shown_len(), logs.matches());
        assert!(shown(&at_once).ends_with(&shown(&logs)));
        assert_eq!(at_once.shown_len() == logs.shown_len(), most == usize::MAX);
    }
}

#[test]
fn a_hundred_thousand_lines_are_kept_filtered_and_searched() {
    let mut logs = LogBuffer::default();
    let message = |number: i64| {
        let level = if number % 1_000 == 0 { "ERROR" } else { "INFO" };
        format!(r#"{{"level":"{level}","message":"line","execution":"run-{}","n":{number}}}"#, number % 50)
    };
    let all = (0..110_000).map(|number| line(number, &format!("{number:08}"), &message(number)));
    let all: Vec<LogLine> = all.collect();
    for batch in all.chunks(10_000) {
        logs.add(batch.to_vec());
    }
    assert_eq!((logs.len(), logs.shown_len()), (MAX_LOGS, MAX_LOGS));
    assert!(logs.bytes <= MAX_BYTES);
    assert_eq!(logs.time(), Some((10_000, 109_999)));
    let bars = logs.histogram(100);
    assert_eq!(bars.iter().map(|bar| bar.lines).sum::<usize>(), MAX_LOGS);
    assert_eq!(bars.iter().map(|bar| bar.errors).sum::<usize>(), 100);
    logs.look(|view| view.level = Some(Level::Error));
    assert_eq!(logs.shown_len(), 100);
    logs.look(|view| view.level = None);
    logs.look(|view| view.filter = "n=1234".into());
    assert_eq!(logs.shown_len(), 10);
    logs.look(|view| view.filter.clear());
    logs.look(|view| view.needle = "N=1234".into());
    assert_eq!((logs.shown_len(), logs.matches()), (MAX_LOGS, 10));
    logs.look(|view| view.scope = Scope::Execution("run-7".into()));
    assert_eq!(logs.shown_len(), 2_000);
    assert_eq!(logs.between(50_000, 50_099).count(), 100);
}
