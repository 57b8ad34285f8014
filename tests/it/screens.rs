//! Screens as snapshots: keys and answers in, what is then seen.

use order_core::{OrderId, OrderStatus};
use orderflow_tui::app::clip::Reach;
use orderflow_tui::app::elsewhere::Reached;
use orderflow_tui::app::model::{Action, Dialog};
use orderflow_tui::app::mouse::{Mouse, MouseKind};
use orderflow_tui::app::{Cmd, Key, Msg, update};
use orderflow_tui::facts::{
    Arn, ExecutionStatus, HistoryEvent, Identity, LogLine, MachineFacts, MachineKind, OrderFacts, OrdersAsked,
    OrdersPage,
};
use orderflow_tui::{local, ui};
use ratatui::layout::Rect;
use serde_json::json;

use crate::dashboard::*;

macro_rules! snapshots {
    ($($name:ident: $app:expr;)*) => {
        $(#[test]
        fn $name() {
            insta::assert_snapshot!($app.screen());
        })*
    };
}

snapshots! {
    nothing_yet_80x24: App::new(80, 24);
    too_small: App::new(50, 10);
    lively_80x24: App::lively(80, 24);
    lively_120x40: App::lively(120, 40);
    lively_200x60: App::lively(200, 60);
    items_120x40: App::running(120, 40, ITEMS).keys(&[Key::Char('2'), Key::Char('z'), Key::Char('d')]);
    backing_off_120x40: App::running(120, 40, BACKING_OFF).keys(&[Key::Char('2'), Key::Char('z'), Key::Char('d')]);
    failure_120x40: App::lively(120, 40).keys(&[Key::Char('F')]);
    ascii_120x40: App::lively(120, 40).in_ascii();
    dots_120x40: App::running(120, 40, ITEMS).keys(&[Key::Char('2'), Key::Char('d'), Key::Char('d'), Key::Char('d')]);
    places_80x24: App::lively(80, 24).on_aws().keys(&[Key::Char('C')]);
    map_80x24: App::lively(80, 24).keys(&[Key::Char('2'), Key::Char('z'), Key::Char('+'), Key::Char('p')]);
    filtered_logs_80x24: App::lively(80, 24).keys(&[Key::Char('5'), Key::Char('&')]).keys(&typed("!START"));
    order_80x24: App::lively(80, 24).keys(&[Key::Char('4')]);
    logs_80x24: App::lively(80, 24).keys(&[Key::Char('5'), Key::Char('s')]);
    submit_80x24: App::lively(80, 24).keys(&[Key::Char('n'), Key::Down, Key::Down]);
    submit_120x40: App::lively(120, 40).keys(&[Key::Char('n'), Key::Tab, Key::Tab, Key::Delete]);
    submit_fields_120x40: App::lively(120, 40).keys(&[Key::Char('n'), Key::Tab, Key::Down, Key::Char('!')]);
    approve_80x24: App::lively(80, 24).keys(&[Key::Char('4'), Key::Char('a'), Key::Char('o'), Key::Char('k')]);
    help_80x24: App::lively(80, 24).keys(&[Key::Char('?')]);
    help_200x60: App::lively(200, 60).keys(&[Key::Char('?')]);
    failure_80x24: App::lively(80, 24).keys(&[Key::Char('F')]);
    failure_200x60: App::lively(200, 60).keys(&[Key::Char('F')]);
    timeline_80x24: App::lively(80, 24).keys(&[Key::Char('6')]);
    timeline_120x40: App::lively(120, 40).keys(&[Key::Char('6')]);
    timeline_200x60: App::lively(200, 60).keys(&[Key::Char('6')]);
    events_80x24: App::lively(80, 24).keys(&[Key::Char('7')]);
    events_120x40: App::lively(120, 40).keys(&[Key::Char('7'), Key::Char('/'), Key::Char('P'), Key::Char('a'), Key::Char('y')]);
    in_the_past_120x40: App::lively(120, 40).keys(&[Key::Char('{'), Key::Char('{'), Key::Char('[')]);
    timeline_in_the_past_120x40: App::lively(120, 40).keys(&[Key::Char('6'), Key::Char('{'), Key::Char('{')]);
    metrics_120x40: App::lively(120, 40).keys(&[Key::Char('8')]);
    query_120x40: App::lively(120, 40).keys(&typed("/status:failed")).keys(&[Key::Enter]);
    orders_120x40: App::lively(120, 40).keys(&typed("4/status:confirmed,out since:1h")).keys(&[Key::Enter]);
    orders_in_the_past_120x40: App::lively(120, 40).keys(&typed("4{{"));
    query_that_does_not_read_80x24: App::lively(80, 24).keys(&typed("/statsu:failed duration:soon"));
    fleet_120x40: App::counted(120, 40);
    fleet_200x60: App::counted(200, 60);
    compare_120x40: App::compared(120, 40);
    compare_200x60: App::compared(200, 60).keys(&[Key::Char('z')]);
    palette_80x24: App::lively(80, 24).keys(&typed(":proc"));
    copy_120x40: App::lively(120, 40).keys(&[Key::Char('F'), Key::Char('y')]);
    test_state_120x40: App::lively(120, 40).keys(&[Key::Char('F'), Key::Char('t')]);
    read_only_80x24: App::lively(80, 24).read_only().keys(&[Key::Char('n')]);
    logs_200x60: App::lively(200, 60).keys(&[Key::Char('5'), Key::Char('z')]);
    machines_80x24: App::lively(80, 24).with_invoices().keys(&[Key::Char('M')]);
    another_machine_120x40: App::lively(120, 40).with_invoices().keys(&typed("vMinv")).keys(&[Key::Enter]).invoiced();
    collapsed_120x40: App::lively(120, 40).keys(&typed("2/CheckL")).keys(&[Key::Enter, Key::Char('b')]);
}

/// A click on a box in the graph chooses its state, wherever the drawing is moved to.
#[test]
fn a_click_chooses_a_state() {
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let mut found = 0;
        for state in ["ReceiveOrder", "LookAtStock", "ProcessPayment", "VoidPayment", "OrderFailed"] {
            let mut app = App::lively(width, height);
            let screen = app.screen();
            // The graph is the pane at the right; a name in another one is not meant.
            let places = screen.lines().enumerate().filter_map(|(row, line)| Some((row, line.rfind(state)?)));
            let place = places
                .filter(|(row, byte)| *row > 1 && screen_column(&screen, *row, *byte) > usize::from(width) / 2)
                .last();
            let Some((row, byte)) = place else { continue };
            // Every line of a snapshot begins with a quotation mark.
            let column = u16::try_from(screen_column(&screen, row, byte) - 1).unwrap();
            let mouse = |kind| Mouse { kind, column, row: u16::try_from(row).unwrap() };
            let area = Rect::new(0, 0, width, height);
            let press = mouse(MouseKind::Press);
            let at = ui::state_at(&app.model, &app.views, area, press);
            assert_eq!(at.as_deref(), Some(state), "{width}x{height}");
            for mouse in [press, mouse(MouseKind::Release)] {
                let (hit, _) = ui::pointed(&app.model, area, mouse);
                app.tell(Msg::Mouse { mouse, hit, state: at.clone(), now: NOON });
            }
            assert_eq!(app.model.state.as_deref(), Some(state));
            found += 1;
        }
        assert!(found > 0, "{width}x{height}");
    }
}

/// Whatever an execution does, no box moves.
/// The states that keys lead to in the graph, from the first one that failed.
#[test]
fn keys_lead_from_box_to_box() {
    let cases: [(&[Key], &str); 7] = [
        (&[], "ProcessPayment"),
        (&[Key::Down], "ConfirmOrder"),
        (&[Key::Char('k')], "WaitForApproval"),
        (&[Key::Down, Key::Down, Key::Right], "VoidPayment"),
        (&[Key::Down, Key::Down, Key::Char('l'), Key::Char('h')], "OrderConfirmed"),
        // Along the ways as the run took them.
        (&[Key::Char('<')], "IsLargeOrder"),
        (&[Key::Char('>')], "VoidPayment"),
    ];
    for (keys, expected) in cases {
        let app = App::lively(120, 40).keys(&[Key::Char('F'), Key::Char('2')]).keys(keys);
        assert_eq!(app.model.state.as_deref(), Some(expected), "{keys:?}");
    }
}

/// What is known of one place is not told of another, and production is careful ground.
#[test]
fn another_place_is_reached_whole_or_not_at_all() {
    let go = |app: App, name: &str| app.keys(&[Key::Char('C')]).keys(&typed(name));
    let mut app = go(App::lively(120, 40).on_aws(), "live");
    let wishes = update(&mut app.model, Msg::Key(Key::Enter));
    let to = Cmd::Connect { profile: Some("live".into()), region: None, machine: None };
    assert_eq!(wishes, [to]);
    let before = app.screen();
    app.tell(Msg::Connected(Box::new(Err("AWS live has no state machine".into()))));
    let refused = app.screen();
    assert!(refused.contains("AWS live has no state machine") && refused.contains("ord-2"), "{before}\n{refused}");
    let reached = Reached {
        place: "AWS live eu-west-1".into(),
        reach: Reach { profile: Some("live".into()), ..Reach::default() },
        machine: Arn("arn:aws:states:eu-west-1:210987654321:stateMachine:invoices".into()),
        is_meant: true,
    };
    app.tell(Msg::Connected(Box::new(Ok(reached.clone()))));
    let screen = app.screen();
    assert!(screen.contains("invoices  AWS live eu-west-1") && screen.contains("PRODUCTION"), "{screen}");
    assert!(screen.contains("read-only") && !screen.contains("ord-"), "{screen}");
    // It takes the same key twice in a row to allow changes there.
    let identity = Identity { account: "210987654321".into(), arn: "arn:aws:iam::210987654321:user/ada".into() };
    app.tell(Msg::Identity(Ok(identity)));
    let mut app = app.keys(&[Key::Char('!'), Key::Char('1'), Key::Char('!')]);
    assert!(app.screen().contains("read-only"));
    let mut app = app.keys(&[Key::Char('!')]);
    let screen = app.screen();
    assert!(!screen.contains("read-only") && screen.contains("PRODUCTION"), "{screen}");
    // Not all that is reached is production.
    let reach = Reach { profile: Some("dev".into()), ..Reach::default() };
    app.tell(Msg::Connected(Box::new(Ok(Reached { reach, is_meant: false, ..reached }))));
    assert!(app.screen().contains("read-only"), "nobody has said yet which account it is");
    let identity = Identity { account: "123456789012".into(), arn: "arn:aws:iam::123456789012:user/ada".into() };
    app.tell(Msg::Identity(Ok(identity)));
    let screen = app.screen();
    assert!(!screen.contains("read-only") && !screen.contains("PRODUCTION"), "{screen}");
    assert!(matches!(app.model.dialog, Some(Dialog::Palette(_))), "another machine may be meant");
}

/// A session is told with its cost, takes the place of polling, and ends by the same key or by itself.
#[test]
fn a_live_tail_is_begun_and_ended() {
    let mut app = App::lively(120, 40).keys(&[Key::Char('5')]);
    app.model.is_aws = true;
    let wishes = update(&mut app.model, Msg::Key(Key::Char('i')));
    let Some(Cmd::StartTail { request, functions }) = wishes.first().cloned() else { panic!("{wishes:?}") };
    assert!(functions.contains(&"process-payment".to_owned()), "{functions:?}");
    // It was quiet for long before.
    app.tell(Msg::Tick(NOON + 600_000));
    app.tell(Msg::Tick(NOON + 665_000));
    assert!(app.screen().contains("live tail 1m05s $0.02"), "{}", app.screen());
    let polls = |app: &mut App| {
        let wishes = update(&mut app.model, Msg::Changed(NOON + 65_000));
        wishes.iter().any(|wish| matches!(wish, Cmd::FetchLogs { .. }))
    };
    assert!(!polls(&mut app));
    app.tell(Msg::Tailed { request: request + 1, result: Ok(None) });
    assert!(!polls(&mut app), "what another session says is nothing to this one");
    assert_eq!(update(&mut app.model, Msg::Key(Key::Char('i'))), [Cmd::StopTail]);
    assert!(polls(&mut app) && !app.screen().contains("live tail"));
    let wishes = update(&mut app.model, Msg::Key(Key::Char('i')));
    let Some(Cmd::StartTail { request, .. }) = wishes.first().cloned() else { panic!("{wishes:?}") };
    app.tell(Msg::Tailed { request, result: Err("cannot begin a live tail: AccessDenied".into()) });
    assert!(polls(&mut app) && app.screen().contains("cannot begin a live tail: AccessDenied"));
}

/// The footer is a row of buttons.
#[test]
fn a_click_in_the_footer_is_its_key() {
    let mut app = App::lively(120, 40);
    let screen = app.screen();
    // Each row of the screen stands in quotes.
    let footer = screen.lines().last().unwrap();
    let column = footer[..footer.find("new order").unwrap()].chars().count() - 1;
    let mouse = Mouse { kind: MouseKind::Press, column: u16::try_from(column).unwrap(), row: 39 };
    let (hit, _) = ui::pointed(&app.model, Rect::new(0, 0, 120, 40), mouse);
    app.tell(Msg::Mouse { mouse, hit, state: None, now: NOON });
    assert!(app.screen().contains("order, as it will be sent"));
}

/// The focused pane takes room from those beside it, and gives it back.
#[test]
fn keys_resize_a_pane() {
    let width = |app: &mut App| {
        let screen = app.screen();
        let row = screen.lines().nth(1).unwrap();
        row.chars().count() - row[..row.find("2 Graph").unwrap()].chars().count()
    };
    let mut app = App::lively(200, 60).keys(&[Key::Char('2')]);
    let before = width(&mut app);
    let mut app = app.keys(&[Key::Char(')')]);
    let larger = width(&mut app);
    let mut app = app.keys(&[Key::Char('('), Key::Char('(')]);
    assert!(larger > before && width(&mut app) < before);
    let mut app = app.keys(&[Key::Char(')')]);
    assert_eq!(width(&mut app), before);
}

#[test]
fn orders_are_asked_for_by_status_and_time_and_read_on_at_the_end() {
    let mut app = App::lively(120, 40);
    app.tell(orders(&[]));
    app.tell(Msg::Orders {
        asked: OrdersAsked::default(),
        result: Ok(OrdersPage { orders: vec![record("ord-1", OrderStatus::Confirmed)], has_more: true }),
    });
    let mut wishes = Vec::new();
    for key in typed("4jj") {
        wishes.extend(update(&mut app.model, Msg::Key(key)));
    }
    let older: Vec<&OrdersAsked> = wishes
        .iter()
        .filter_map(|wish| if let Cmd::FetchOlderOrders { asked } = wish { Some(asked) } else { None })
        .collect();
    assert_eq!(older.len(), 1, "{wishes:?}");
    assert_eq!(older[0].older_than, Some(("2026-01-01T11:59:01.000Z".to_owned(), OrderId::new("ord-1").unwrap())));
    assert!(app.screen().contains("reading older ones"));
    let answer = OrdersPage { orders: vec![record("ord-0", OrderStatus::Failed)], has_more: false };
    app.tell(Msg::Orders { asked: older[0].clone(), result: Ok(answer) });
    let screen = app.screen();
    assert!(screen.contains("ord-0 FAILED") && !screen.contains("older ones"), "{screen}");
    // As one types, what was read is looked through; the table is asked for what is confirmed.
    let mut app = app.keys(&typed("/status:failed"));
    let screen = app.screen();
    assert!(screen.contains("ord-0 FAILED") && !screen.contains("ord-1 CONFIRMED"), "{screen}");
    let wishes = update(&mut app.model, Msg::Key(Key::Enter));
    let Some(Cmd::FetchOrders { asked }) = wishes.last() else { panic!("{wishes:?}") };
    assert_eq!(asked.statuses, Some(vec![OrderStatus::Failed]));
    let wishes = update(&mut app.model, Msg::Key(Key::Esc));
    let Some(Cmd::FetchOrders { asked }) = wishes.last() else { panic!("{wishes:?}") };
    assert_eq!(*asked, OrdersAsked::default());
}

/// Which fields there are to choose from is told while one types.
#[test]
fn the_fields_of_log_lines_are_offered() {
    let mut app = App::lively(120, 40);
    app.tell(Msg::Logs(Ok(vec![LogLine {
        id: "9".into(),
        group: "/aws/lambda/pay".into(),
        stream: "s".into(),
        at: NOON,
        message: json!({"level": "INFO", "attempt": 1, "span": {"orderId": "ord-2"}}).to_string(),
    }])));
    let mut app = app.keys(&typed("5,"));
    let screen = app.screen();
    assert!(screen.contains("Tab attempt  ") && screen.contains("span.orderId"), "{screen}");
    let mut app = app.keys(&typed("level span.o")).keys(&[Key::Tab, Key::Enter]);
    assert_eq!(app.model.logs.view().fields, Some(vec!["level".to_owned(), "span.orderId".to_owned()]));
    assert!(!app.screen().contains("attempt=1"), "{}", app.screen());
}

/// What changes something is asked once, and says of what.
#[test]
fn marked_executions_are_acted_on_together_as_far_as_they_can_be() {
    let app = App::lively(120, 40).keys(&typed(" j j "));
    let mut app = app.keys(&[Key::Char('R')]);
    let screen = app.screen();
    assert!(screen.contains("Redrive ord-0? It goes on from the states that did not succeed"), "{screen}");
    let wishes = update(&mut app.model, Msg::Key(Key::Enter));
    let [Cmd::Act { action: Action::Redrive { executions }, .. }] = wishes.as_slice() else { panic!("{wishes:?}") };
    assert_eq!(*executions, [arn("ord-0")]);
    let mut app = App::lively(120, 40).keys(&typed(" j j S"));
    assert!(app.screen().contains("Stop ord-2? It ends as ABORTED"), "{}", app.screen());
    let mut app = App::lively(120, 40).keys(&typed("j S"));
    assert!(app.screen().contains("none of the marked executions runs"), "{}", app.screen());
}

/// The order of the execution that is looked at is the one that the pane of orders leads to.
#[test]
fn the_chosen_order_is_that_of_the_execution() {
    let app = App::lively(120, 40).keys(&typed("j4"));
    assert_eq!(app.model.order, OrderId::new("ord-1").ok());
    // Whoever looks through the orders is not led away.
    let mut app = app.keys(&typed("j"));
    app.tell(Msg::History { execution: arn("ord-1"), result: Ok(history(SHORT)) });
    assert_eq!(app.model.order, OrderId::new("ord-0").ok());
}

/// What is done in the list of orders is done to the one that is shown, and an output that was to be JSON has to be it.
#[test]
fn an_order_that_is_chosen_is_what_is_acted_on() {
    let app = App::lively(120, 40).keys(&typed("4g"));
    assert_eq!(app.model.watch.as_ref().map(|watch| watch.arn.clone()), Some(arn("ord-3")));
    let mut app = app.keys(&typed("a{\"by\": ")).keys(&[Key::Enter]);
    let screen = app.screen();
    assert!(screen.contains("Approve order ord-3 over 2598.00 EUR?") && screen.contains("not JSON"), "{screen}");
    let mut app = app.keys(&typed("7}"));
    let wishes = update(&mut app.model, Msg::Key(Key::Enter));
    let [Cmd::Act { action: Action::Approve { waiting }, reason, .. }] = wishes.as_slice() else {
        panic!("{wishes:?}")
    };
    assert_eq!((waiting[0].name.as_str(), reason.as_str()), ("ord-3", "{\"by\": 7}"));
}

/// A search in the graph goes from state to state, and `n` is a new order again when it is over.
#[test]
fn states_are_searched_one_after_the_other() {
    let app = App::lively(120, 40).keys(&typed("2/order")).keys(&[Key::Enter]);
    let first = app.model.state.clone();
    let app = app.keys(&typed("n"));
    assert!(app.model.dialog.is_none() && app.model.state != first, "{first:?} {:?}", app.model.state);
    let app = app.keys(&typed("N"));
    assert_eq!(app.model.state, first);
    let app = app.keys(&[Key::Esc, Key::Char('n')]);
    assert!(app.model.dialog.is_some());
}

/// An order is seen as it stood at the moment that is looked at, and as it stands now when that is left.
#[test]
fn an_order_is_seen_in_its_past() {
    let mut app = App::lively(120, 40).keys(&typed("j"));
    // As the execution began the order had been taken in, and no more.
    let begun = |id: i64, second: i64, name: &str| HistoryEvent {
        name: (!name.is_empty()).then(|| name.to_owned()),
        ..HistoryEvent::new(
            id,
            id - 1,
            NOON - second * 1_000,
            if id == 1 { "ExecutionStarted" } else { "PassStateEntered" },
        )
    };
    let events = vec![begun(1, 60, ""), begun(2, 60, "A"), begun(3, 50, "B")];
    app.tell(Msg::History { execution: arn("ord-1"), result: Ok(events) });
    let facts = OrderFacts { record: record("ord-1", OrderStatus::Confirmed), payment: None, reservation: None };
    app.tell(Msg::Order { id: OrderId::new("ord-1").unwrap(), result: Box::new(Ok(Some(facts))) });
    let mut app = app.keys(&typed("4"));
    assert!(app.screen().contains("✓ CONFIRMED"));
    let mut app = app.keys(&typed("["));
    let screen = app.screen();
    assert!(screen.contains("▾ ▶ RECEIVED") && screen.contains("Orders then"), "{screen}");
    assert!(screen.contains("ord-1 RECEIVED"), "{screen}");
    let mut app = app.keys(&[Key::Esc]);
    assert!(app.screen().contains("▾ ✓ CONFIRMED"), "{}", app.screen());
}

/// The pane that keys go to after some, and after each Esc that follows.
#[test]
fn esc_leads_back_the_way_one_came() {
    use orderflow_tui::app::Pane as P;
    let cases: [(&str, &[P]); 8] = [
        // From an order to its execution.
        ("4o", &[P::Graph, P::Orders, P::Executions]),
        ("F", &[P::Inspector, P::Executions]),
        ("\n\n", &[P::Inspector, P::Graph, P::Executions]),
        // A pane that was gone to by its number is where one is afresh.
        ("\n\n5", &[P::Logs, P::Executions]),
        // What was done last is undone first: the whole screen, then the search, then the way.
        ("F/error\nz", &[P::Inspector, P::Inspector, P::Inspector, P::Executions]),
        ("Fz/error\n", &[P::Inspector, P::Inspector, P::Inspector, P::Executions]),
        ("{{\n", &[P::Graph, P::Executions, P::Executions]),
        ("v3\n", &[P::Executions, P::Inspector]),
    ];
    for (keys, expected) in cases {
        let press: Vec<Key> = keys.chars().map(|key| if key == '\n' { Key::Enter } else { Key::Char(key) }).collect();
        let mut app = App::lively(120, 40).keys(&press);
        let mut panes = vec![app.model.focus];
        for _ in 1..expected.len() {
            app = app.keys(&[Key::Esc]);
            panes.push(app.model.focus);
        }
        assert_eq!(panes, expected, "{keys:?}");
    }
}

#[test]
fn an_account_without_our_table_is_no_trouble() {
    let mut app = App::new(120, 40);
    app.model.table = "orders".into();
    app.tell(Msg::NoOrders);
    assert!(app.screen().contains("No table orders here."));
    let wishes = update(&mut app.model, Msg::Changed(NOON));
    assert!(!wishes.iter().any(|wish| matches!(wish, Cmd::FetchOrders { .. })));
}

/// The view moves as far as there is something to be seen, and back, and the chosen state stays.
#[test]
fn the_view_of_the_graph_moves_by_itself() {
    let mut app = App::lively(80, 24).keys(&[Key::Char('F'), Key::Char('2'), Key::Char('+')]);
    let chosen = app.model.state.clone();
    let before = app.screen();
    let mut app = app.keys(&[Key::ShiftUp; 40]);
    assert!(app.screen().contains("ReceiveOrder") && !before.contains("ReceiveOrder"));
    let top = app.model.graph.pan;
    let mut app = app.keys(&[Key::ShiftUp]);
    app.screen();
    assert_eq!((app.model.graph.pan, &app.model.state), (top, &chosen), "there is an end, and nothing is beyond it");
    let mut app = app.keys(&[Key::Char('0'), Key::Char('+')]);
    assert_eq!(app.screen(), before);
}

#[test]
fn boxes_stay_where_they_are() {
    for script in [CHARGED, SHORT, DECLINED, ITEMS, BACKING_OFF] {
        let events = history(script);
        let mut places = Vec::new();
        for until in 1..=events.len() {
            let mut app = App::running(140, 90, "1 0 ExecutionStarted");
            app.tell(Msg::History { execution: arn("ord-2"), result: Ok(events[1..until].to_vec()) });
            let screen = app.keys(&[Key::Char('2'), Key::Char('z')]).screen();
            let names = ["ReceiveOrder", "CheckLines", "LookAtStock", "ProcessPayment", "NeedsAttention"];
            // The header names the chosen state.
            let lines = || screen.lines().enumerate().skip(1);
            let place = |name: &str| lines().find_map(|(row, line)| Some((row, line.find(name)?)));
            places.push(names.map(|name| place(name).map(|(row, byte)| (row, screen_column(&screen, row, byte)))));
        }
        assert!(places[0].iter().all(Option::is_some), "{places:?}");
        assert!(places.iter().all(|these| *these == places[0]), "{script}: {places:?}");
    }
}

fn screen_column(screen: &str, row: usize, byte: usize) -> usize {
    screen.lines().nth(row).map_or(0, |line| line[..byte].chars().count())
}

#[test]
fn a_parallel_tells_its_branches() {
    let branch = |name: &str| json!({"StartAt": name, "States": {name: {"Type": "Wait", "Seconds": 9, "End": true}}});
    let definition = json!({"StartAt": "Everything", "States": {"Everything": {
        "Type": "Parallel", "Branches": [branch("Invoice"), branch("Parcel")], "End": true,
    }}});
    let mut app = App::new(80, 24);
    app.tell(Msg::Executions(Ok(vec![summary("ord-2", ExecutionStatus::Running, 10)])));
    let facts = MachineFacts {
        arn: local::machine_arn(),
        name: "order-workflow".into(),
        definition: definition.to_string(),
        kind: MachineKind::Standard,
        log_group: None,
    };
    app.tell(Msg::Machine { execution: Some(arn("ord-2")), result: Ok(facts) });
    let script = "1 0 ExecutionStarted
2 0 ParallelStateEntered Everything
3 2 ParallelStateStarted
4 3 WaitStateEntered Invoice
5 3 WaitStateEntered Parcel
6 4 WaitStateExited Invoice";
    app.tell(Msg::History { execution: arn("ord-2"), result: Ok(history(script)) });
    insta::assert_snapshot!(app.keys(&[Key::Char('2'), Key::Char('z')]).screen());
}

#[test]
fn a_form_that_cannot_be_sent_stays_filled() {
    let mut app = App::lively(120, 40).keys(&[Key::Char('n'), Key::Tab, Key::Tab, Key::Delete, Key::Ctrl('s')]);
    let screen = app.screen();
    assert!(screen.contains("not JSON"), "{screen}");
    assert!(screen.contains("\"customer\""), "{screen}");
    // An edited order is not thrown away by a look at the list.
    let edited = App::lively(120, 40).keys(&[Key::Char('n'), Key::Tab, Key::Char('!'), Key::Tab, Key::Tab, Key::Up]);
    assert!(edited.keys(&[Key::Down]).screen().contains("Ada Example!"));
    // Field by field: what is no number is told with its name, and not sent.
    let fields = App::lively(120, 40).keys(&[Key::Char('n'), Key::Tab, Key::Down, Key::Down, Key::Down, Key::Down]);
    let mut app = fields.keys(&typed("x")).keys(&[Key::Ctrl('s')]);
    let screen = app.screen();
    assert!(screen.contains("lines[0].quantity: \"1x\" is no number"), "{screen}");
    let mut app = app.keys(&[Key::Backspace, Key::Char('2')]);
    let wishes = update(&mut app.model, Msg::Key(Key::Ctrl('s')));
    let [Cmd::StartExecution { input, .. }] = wishes.as_slice() else { panic!("{wishes:?}") };
    assert!(input.contains("\"quantity\":12"), "{input}");
    let mut app = App::lively(120, 40).keys(&[Key::Char('n'), Key::Ctrl('s')]);
    assert!(app.screen().contains("sending…"));
    app.tell(Msg::Started {
        request: 1,
        result: Err("cannot start execution ord-9: ThrottlingException: slow down".into()),
    });
    let screen = app.screen();
    assert!(screen.contains("ThrottlingException") && screen.contains("\"customer\""), "{screen}");
}

#[test]
fn an_answer_that_nobody_waits_for_changes_nothing() {
    let mut app = App::lively(120, 40);
    let before = app.screen();
    app.tell(Msg::History { execution: arn("ord-0"), result: Ok(history("1 0 ExecutionStarted")) });
    app.tell(Msg::Machine { execution: Some(arn("ord-0")), result: Err("too late".into()) });
    app.tell(Msg::Order { id: OrderId::new("ord-1").unwrap(), result: Box::new(Err("too late".into())) });
    assert_eq!(app.screen(), before);
}

#[test]
fn a_failed_call_is_told_and_the_rest_goes_on() {
    let mut app = App::lively(120, 40);
    let refused = "cannot list the orders: AccessDeniedException: no (the role lacks the permission)";
    app.tell(Msg::Orders { asked: OrdersAsked::default(), result: Err(refused.into()) });
    let screen = app.screen();
    assert!(screen.contains("AccessDeniedException") && screen.contains("ord-2"), "{screen}");
    app.tell(orders(&[]));
    assert!(!app.screen().contains("AccessDeniedException"));
}

#[test]
fn nothing_from_outside_steers_the_terminal() {
    let mut app = App::lively(120, 40).keys(&[Key::Char('F')]);
    assert!(!app.screen().contains('\u{1b}'));
}

#[test]
fn no_key_and_no_size_panics() {
    let keys = [
        Key::Char('n'),
        Key::Char('a'),
        Key::Char('r'),
        Key::Char('f'),
        Key::Char('o'),
        Key::Char('S'),
        Key::Char('z'),
        Key::Char('d'),
        Key::Tab,
        Key::BackTab,
        Key::Up,
        Key::Down,
        Key::PageUp,
        Key::PageDown,
        Key::Home,
        Key::End,
        Key::Enter,
        Key::Esc,
        Key::Char('?'),
        Key::Char('s'),
        Key::Backspace,
        Key::Delete,
        Key::Ctrl('s'),
        Key::Char('ü'),
        Key::Char('F'),
        Key::Char('/'),
        Key::Char(':'),
        Key::Char(' '),
        Key::Char('c'),
        Key::Char('v'),
        Key::Char('['),
        Key::Char(']'),
        Key::Char('{'),
        Key::Char('}'),
        Key::Char('y'),
        Key::Char('t'),
        Key::Char('T'),
        Key::Char('b'),
        Key::Char('i'),
        Key::Char('6'),
        Key::Char('7'),
        Key::Char('8'),
        Key::Char('5'),
        Key::Char('+'),
        Key::Char('-'),
        Key::Char('e'),
        Key::Char('A'),
        Key::Char('R'),
    ];
    for (width, height) in [(1, 1), (60, 18), (80, 24), (250, 80)] {
        for filled in [false, true] {
            let mut app = if filled { App::lively(width, height) } else { App::new(width, height) };
            let mut state: u64 = 42;
            for _ in 0..400 {
                // A small generator is chance enough here, and the same one each time.
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let key = keys[usize::try_from(state >> 33).unwrap() % keys.len()];
                app.tell(Msg::Key(key));
                app.screen();
            }
        }
    }
}
