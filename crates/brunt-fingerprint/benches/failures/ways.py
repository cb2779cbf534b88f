"""Ways to reach a fault, as a program has them."""

import datetime


class Worker:
    """A queue's worker."""

    def __init__(self, job):
        self.job = job

    def run(self):
        return self.handle_all([self.job])

    def handle_all(self, jobs):
        return [self.handle(job) for job in jobs]

    def handle(self, job):
        return job()


def from_request(fault):
    def view():
        return fault()

    return view()


def from_report(fault):
    rows = map(lambda _: fault(), [datetime.date.today()])
    return sorted(rows)


WAYS = {"request": from_request, "worker": lambda fault: Worker(fault).run(), "report": from_report}
