"""Makes failures of real projects, over their releases, for the benchmark `grouping`.

    python3 failures.py FOLDER [python|java|node ...]

Needs pip, npm, node, javac and java, and the registries of Python and Node, from which the projects come: up to
RELEASES releases of each, evenly among its latest ones. Their code lies below FOLDER, in no folder that marks a
library, because to those who maintain a project its frames are the app's. Every fault is reached in three ways.
FOLDER/failures.jsonl has a line for each: language, project, version, fault, way, type, stack, and for the JVM the
package whose frames are the project's. Releases of which nothing is new are named.
"""

import concurrent.futures
import json
import pathlib
import re
import shutil
import subprocess
import sys
import threading

import faults

HERE = pathlib.Path(__file__).parent
RELEASES = 5
# Of so many latest releases: over years functions are renamed, and a failure in another one is another failure.
LATEST = 12
# Ships libraries of the JVM.
JVM = "allure-commandline"
LOCK = threading.Lock()
# Stable releases only: parts of numbers.
STABLE = re.compile(r"\d+(\.\d+)+")


def evenly(versions, n_releases=RELEASES, latest=LATEST):
    """The oldest and the newest of the latest releases, and others evenly between; the oldest first."""
    stable = [version for version in versions if STABLE.fullmatch(version)]
    stable = sorted(stable, key=lambda version: [int(part) for part in version.split(".")])[-latest:]
    n = min(n_releases, len(stable))
    return [stable[at * (len(stable) - 1) // max(n - 1, 1)] for at in range(n)]


def run(*command, **options):
    """What a command printed; one that fails is told, and what it was for is left out."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    if done.returncode != 0:
        reason = next(iter(done.stderr.splitlines()), "")
        print(f"{' '.join(command)} failed: {reason}", file=sys.stderr)
    return done


def lines(printed):
    return [json.loads(line) for line in printed.stdout.splitlines() if line.startswith('{"language"')]


def of_python(folder):
    for project, (needs, _) in faults.FAULTS.items():
        index = run(sys.executable, "-m", "pip", "index", "versions", project)
        found = re.search(r"Available versions: (.*)", index.stdout)
        for version in evenly(found[1].split(", ") if found else []):
            yield lambda project=project, needs=needs, version=version: python_release(folder, project, needs, version)


def python_release(folder, project, needs, version):
    target = folder / "python" / f"{project}-{version}"
    if not target.exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target)]
        run(*pip, f"{project}=={version}", *needs)
    python = [sys.executable, "-S", str(HERE / "faults.py"), project, version]
    return project, version, lines(run(*python, env={"PYTHONPATH": str(target)}))


def of_node(folder):
    for project in json.loads(run("node", str(HERE / "faults.js")).stdout):
        versions = run("npm", "view", project, "versions", "--json").stdout
        for version in evenly(json.loads(versions or "[]")):
            yield lambda project=project, version=version: node_release(folder, project, version)


def node_release(folder, project, version):
    target = folder / "node" / f"{project.replace('/', '-')}-{version}"
    packages = target / "packages"
    if not packages.exists():
        npm = ["npm", "install", "--silent", "--no-audit", "--ignore-scripts", "--prefix", str(target)]
        run(*npm, f"{project}@{version}")
        if (target / "node_modules").exists():
            (target / "node_modules").rename(packages)
    node = [shutil.which("node"), "--stack-trace-limit=100", str(HERE / "faults.js"), project, version]
    return project, version, lines(run(*node, env={"NODE_PATH": str(packages)}))


def of_java(folder):
    """Libraries come with a program that ships many of them, and are told apart by their files' names."""
    seen = set()
    # It changes few of them from one release to the next.
    versions = json.loads(run("npm", "view", JVM, "versions", "--json").stdout)
    for version in evenly(versions, 2 * RELEASES, 4 * LATEST):
        yield lambda version=version: java_release(folder, version, seen)


def java_release(folder, version, seen):
    target = folder / "java" / version
    jars = target / "package" / "dist" / "lib"
    if not jars.exists():
        target.mkdir(parents=True, exist_ok=True)
        run("npm", "pack", "--silent", f"{JVM}@{version}", cwd=target)
        run("tar", "xzf", *[str(packed) for packed in target.glob("*.tgz")], cwd=target)
    run("javac", "-nowarn", "-cp", f"{jars}/*", "-d", str(target), str(HERE / "Faults.java"))
    failures = []
    for failure in lines(run("java", "-cp", f"{target}:{jars}/*", "Faults")):
        package, artifact = failure["project"].split(" ")
        found = [re.fullmatch(re.escape(artifact) + r"-(\d.*)\.jar", jar.name) for jar in jars.iterdir()]
        release = next((match[1] for match in found if match), "")
        failure |= {"project": artifact, "package": package, "version": release}
        failures.append(failure)
    with LOCK:
        new = {(failure["project"], failure["version"]) for failure in failures} - seen
        seen |= new
    return JVM, version, [failure for failure in failures if (failure["project"], failure["version"]) in new]


LANGUAGES = {"python": of_python, "java": of_java, "node": of_node}


def main():
    folder = pathlib.Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "failures.jsonl", "w") as out, concurrent.futures.ThreadPoolExecutor(2) as pool:
        for language in sys.argv[2:] or list(LANGUAGES):
            for project, version, failures in pool.map(lambda release: release(), LANGUAGES[language](folder)):
                out.writelines(json.dumps(failure) + "\n" for failure in failures)
                out.flush()
                if not failures:
                    print("nothing new of", project, version, file=sys.stderr)


if __name__ == "__main__":
    main()
