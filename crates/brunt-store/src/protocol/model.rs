//! The protocol against every schedule: two writers, a reader, a crash and a bad answer at every step.
//!
//! The processes are the protocol's own functions. Each of their requests waits until the search decides that it takes
//! effect, and how it is answered. A state is what is in the store, what may still land in it, and what each process
//! has been told; each state is visited once, so the search ends.

mod world;

use std::cell::RefCell;
use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::future::{Future, poll_fn};
use std::hash::{Hash, Hasher};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

use super::{Draft, Log, Offered, Owner, finish_newest, newest_whole, offer};
use crate::epoch::{CommitEntry, Epoch, EpochFile};
use world::{Answer, Request, World, draft};

/// How a request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    AsItShould,
    /// A 5xx, a 409, a timeout before it arrived: nothing was done.
    Refused,
    /// A timeout after it was done, or an answer to a second try of the client's own.
    DoneButFailed,
    /// Answered with an error, and perhaps done later.
    Late,
}

/// What the search can let happen next.
#[derive(Debug, Clone, Copy)]
enum Choice {
    Step(usize, Outcome),
    Crash(usize),
    Land(usize),
}

#[derive(Debug, PartialEq, Eq)]
enum Failure {
    Failed,
    Foreign,
    Uncertain,
}

/// One process's line to the store.
#[derive(Debug, Default)]
struct Line {
    asked: Option<Request>,
    answered: Option<Answer>,
    /// Whether it ever asked to put an epoch.
    offered: bool,
}

#[derive(Debug, Clone, Default)]
struct ModelLog(Rc<RefCell<Line>>);

impl ModelLog {
    async fn ask(&self, request: Request) -> Answer {
        self.0.borrow_mut().asked = Some(request);
        poll_fn(|_| match self.0.borrow_mut().answered.take() {
            Some(answer) => Poll::Ready(answer),
            None => Poll::Pending,
        })
        .await
    }
}

impl Log for ModelLog {
    type Error = Failure;

    async fn head(&self, number: u64) -> Result<Option<Arc<Epoch>>, Failure> {
        match self.ask(Request::Head(number)).await {
            Answer::Head(head) => Ok(head),
            _ => Err(Failure::Failed),
        }
    }

    async fn commit_bytes(&self, epoch: &Epoch, commit_idx: usize) -> Result<Bytes, Failure> {
        match self.ask(Request::CommitBytes(epoch.number, commit_idx)).await {
            Answer::Bytes(bytes) => Ok(bytes),
            _ => Err(Failure::Failed),
        }
    }

    async fn put_epoch(&self, file: &EpochFile) -> Result<(), Failure> {
        self.0.borrow_mut().offered = true;
        match self.ask(Request::PutEpoch(Arc::new(file.clone()))).await {
            Answer::Put(true) => Ok(()),
            _ => Err(Failure::Failed),
        }
    }

    async fn owner(&self, entry: &CommitEntry) -> Result<Option<Owner>, Failure> {
        match self.ask(Request::Owner(entry.clone())).await {
            Answer::Owner(owner) => Ok(owner),
            _ => Err(Failure::Failed),
        }
    }

    async fn put_commit(&self, entry: &CommitEntry, bytes: Bytes) -> Result<(), Failure> {
        match self.ask(Request::PutCommit(entry.clone(), bytes)).await {
            Answer::Put(true) => Ok(()),
            _ => Err(Failure::Failed),
        }
    }

    async fn pause(&self, _attempt: u32) {}

    fn foreign_commit(&self, _entry: &CommitEntry) -> Failure {
        Failure::Foreign
    }

    fn uncertain(&self, _number: u64, _last: Failure) -> Failure {
        Failure::Uncertain
    }
}

/// How a process ended: the epoch that it wrote or saw, and the epoch it had read before.
type Ended = Result<(u64, u64), Failure>;
type Process = Pin<Box<dyn Future<Output = Ended>>>;

/// As `Store::write` does it.
async fn write(log: ModelLog, known: Arc<Epoch>, name: &str, days: Vec<i32>) -> Ended {
    let mut known = known;
    for round in 0.. {
        let base = finish_newest(&log, known).await?.expect("nothing is vacuumed");
        let base_number = base.number;
        match offer(&log, base, &draft(&format!("{name}{round}"), &days)).await? {
            Offered::Committed(epoch) => return Ok((epoch.number, base_number)),
            Offered::Lost(winner) => known = winner,
        }
    }
    unreachable!("a write that always loses");
}

/// Takes the newest whole epoch.
async fn read(log: ModelLog, known: Arc<Epoch>) -> Ended {
    let known_number = known.number;
    let newest = newest_whole(&log, known).await?.expect("nothing is vacuumed");
    Ok((newest.number, known_number))
}

/// A run of the processes along a list of choices.
struct Run {
    world: World,
    lines: Vec<ModelLog>,
    processes: Vec<Option<Process>>,
    ended: Vec<Option<Ended>>,
    crashed: Vec<bool>,
    /// What each process was told, which is all that its state depends on.
    told: Vec<DefaultHasher>,
    n_faults: usize,
    n_crashes: usize,
}

/// What goes on in a search.
#[derive(Debug, Clone)]
struct Scenario {
    days_of_writers: [Vec<i32>; 2],
    n_faults_max: usize,
    n_crashes_max: usize,
}

const READER: usize = 2;

impl Run {
    fn new(scenario: &Scenario) -> Self {
        let world = World::new();
        let known = Arc::clone(&world.heads[&0]);
        let lines = vec![ModelLog::default(), ModelLog::default(), ModelLog::default()];
        let [a, b] = scenario.days_of_writers.clone();
        let processes: Vec<Option<Process>> = vec![
            Some(Box::pin(write(lines[0].clone(), Arc::clone(&known), "a", a))),
            Some(Box::pin(write(lines[1].clone(), Arc::clone(&known), "b", b))),
            Some(Box::pin(read(lines[READER].clone(), known))),
        ];
        let mut run = Self {
            world,
            lines,
            processes,
            ended: vec![None, None, None],
            crashed: vec![false; 3],
            told: vec![DefaultHasher::new(); 3],
            n_faults: 0,
            n_crashes: 0,
        };
        (0..3).for_each(|process| run.poll(process));
        run
    }

    fn poll(&mut self, process: usize) {
        let Some(future) = &mut self.processes[process] else { return };
        if let Poll::Ready(ended) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            if let (READER, Ok((seen, _))) = (process, &ended) {
                assert!(self.world.is_whole(*seen), "a reader saw {seen}, which is not whole");
            }
            self.ended[process] = Some(ended);
            self.processes[process] = None;
        }
    }

    fn choices(&self, scenario: &Scenario) -> Vec<Choice> {
        let mut choices = Vec::new();
        for process in 0..3 {
            if self.processes[process].is_none() {
                continue;
            }
            choices.push(Choice::Step(process, Outcome::AsItShould));
            let is_put = matches!(
                self.lines[process].0.borrow().asked,
                Some(Request::PutEpoch(_) | Request::PutCommit(..))
            );
            // A reader that is refused only says so, and changes nothing for the others.
            if self.n_faults < scenario.n_faults_max && process != READER {
                choices.push(Choice::Step(process, Outcome::Refused));
                if is_put {
                    choices.push(Choice::Step(process, Outcome::DoneButFailed));
                    choices.push(Choice::Step(process, Outcome::Late));
                }
            }
            // To die before a read is to die before the put that comes after it.
            if self.n_crashes < scenario.n_crashes_max && is_put {
                choices.push(Choice::Crash(process));
            }
        }
        choices.extend((0..self.world.late.len()).map(Choice::Land));
        choices
    }

    fn choose(&mut self, choice: Choice) {
        match choice {
            Choice::Crash(process) => {
                self.n_crashes += 1;
                self.crashed[process] = true;
                self.processes[process] = None;
            }
            Choice::Land(late) => {
                let request = self.world.late.remove(late);
                self.world.take(&request);
            }
            Choice::Step(process, outcome) => {
                let asked = self.lines[process].0.borrow_mut().asked.take();
                let request = asked.expect("a process that goes on has asked something");
                self.n_faults += usize::from(outcome != Outcome::AsItShould);
                let answer = match outcome {
                    Outcome::AsItShould => self.world.take(&request),
                    Outcome::Refused => Answer::Failed,
                    Outcome::DoneButFailed => {
                        self.world.take(&request);
                        Answer::Failed
                    }
                    Outcome::Late => {
                        self.world.late.push(request);
                        Answer::Failed
                    }
                };
                answer.hash(&mut self.told[process]);
                self.lines[process].0.borrow_mut().answered = Some(answer);
                self.poll(process);
            }
        }
    }

    fn state(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for (number, file) in &self.world.epochs {
            (number, &file.head.writer, file.head.parent).hash(&mut hasher);
        }
        self.world.commits.hash(&mut hasher);
        for late in &self.world.late {
            match late {
                Request::PutEpoch(file) => (file.head.number, &file.head.writer).hash(&mut hasher),
                Request::PutCommit(entry, bytes) => {
                    (&entry.table, entry.version, bytes).hash(&mut hasher);
                }
                other => unreachable!("{other:?} changes nothing"),
            }
        }
        (self.n_faults, self.n_crashes, &self.crashed).hash(&mut hasher);
        for told in &self.told {
            told.finish().hash(&mut hasher);
        }
        hasher.finish()
    }

    /// What holds when all have ended, and after the next writer has finished what a dead one left.
    fn check_end(mut self, scenario: &Scenario) {
        let line = ModelLog::default();
        let known = Arc::clone(&self.world.heads[&0]);
        let mut next: Process = Box::pin(write(line.clone(), known, "next", vec![1, 2, 3]));
        let newest = loop {
            match next.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(ended) => break ended.expect("nothing stands in the way").0,
                Poll::Pending => {
                    let request = line.0.borrow_mut().asked.take().expect("it asks");
                    let answer = self.world.take(&request);
                    line.0.borrow_mut().answered = Some(answer);
                }
            }
        };
        self.world.check();
        assert!(self.world.is_whole(newest));
        for (process, name) in ["a", "b"].into_iter().enumerate() {
            let is_ours = |file: &&Arc<EpochFile>| file.head.writer.starts_with(name);
            let ours: Vec<u64> =
                self.world.epochs.values().filter(is_ours).map(|file| file.head.number).collect();
            assert!(ours.len() <= 1, "{name} is in {ours:?}");
            match &self.ended[process] {
                Some(Ok((epoch, base))) => {
                    assert_eq!(ours, [*epoch], "{name} was told that it is in {epoch}");
                    self.check_reads(&scenario.days_of_writers[process], *base, *epoch);
                }
                Some(Err(Failure::Foreign)) => panic!("all commits are ours"),
                Some(Err(_)) | None => {
                    let offered = self.lines[process].0.borrow().offered;
                    assert!(offered || ours.is_empty(), "{name} is in {ours:?} and never offered");
                }
            }
            if self.n_faults == 0 && !self.crashed[process] {
                assert_eq!(ours.len(), 1, "{name} did not get in though nothing failed");
            }
        }
    }

    /// What a write had read is what its epoch stands on.
    fn check_reads(&self, days: &[i32], base: u64, epoch: u64) {
        let draft = draft("", days);
        for between in base + 1..epoch {
            let head = &self.world.epochs[&between].head;
            assert!(
                !draft.reads().changed_by(head),
                "{epoch} had read {base}, and {between} changed that"
            );
        }
    }
}

/// Visits every state; returns how many there are, and how many ends.
fn search(scenario: &Scenario) -> (usize, usize) {
    let mut seen = HashSet::new();
    let mut n_ends = 0;
    let mut paths: Vec<Vec<Choice>> = vec![Vec::new()];
    while let Some(mut path) = paths.pop() {
        let mut run = Run::new(scenario);
        for choice in &path {
            run.choose(*choice);
        }
        // From here on along the first choice of each state; the others are taken up later.
        while seen.insert(run.state()) {
            run.world.check();
            if run.processes.iter().all(Option::is_none) {
                n_ends += 1;
                run.check_end(scenario);
                break;
            }
            let choices = run.choices(scenario);
            for choice in &choices[1..] {
                paths.push(path.iter().copied().chain([*choice]).collect());
            }
            path.push(choices[0]);
            run.choose(choices[0]);
        }
    }
    (seen.len(), n_ends)
}

/// One bad answer and one crash at every pair of steps; `BRUNT_MODEL_FAULTS` takes more, and much longer.
fn search_days(first: i32, second: i32) {
    let n_faults_max =
        std::env::var("BRUNT_MODEL_FAULTS").map_or(1, |text| text.parse().expect("a number"));
    let days_of_writers = [vec![first], vec![second]];
    let (n_states, n_ends) = search(&Scenario { days_of_writers, n_faults_max, n_crashes_max: 1 });
    assert!(n_ends > 1_000, "the search went nowhere: {n_states} states, {n_ends} ends");
}

#[test]
fn writers_of_different_days_both_get_in_whatever_happens() {
    search_days(1, 2);
}

#[test]
fn writers_of_the_same_day_get_in_one_after_the_other_whatever_happens() {
    search_days(1, 1);
}
