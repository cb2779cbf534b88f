// Ways to reach a fault, as a program has them.
"use strict";

class Worker {
  constructor(job) {
    this.job = job;
  }
  run() {
    return this.handleAll([this.job]);
  }
  handleAll(jobs) {
    return jobs.map((job) => this.handle(job));
  }
  handle(job) {
    return job();
  }
}

function fromRequest(fault) {
  const view = () => fault();
  return view();
}

function* rows(fault) {
  yield fault();
}

const WAYS = {
  request: fromRequest,
  worker: (fault) => new Worker(fault).run(),
  report: (fault) => Array.from(rows(fault)),
};

module.exports = { WAYS };
