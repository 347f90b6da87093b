/** Works on jobs, some at a time. */

/** Runs the work for every job, at most `workers` at once; the first failure is thrown at the end. */
export async function inParallel<T>(
  workers: number,
  jobs: Iterable<T>,
  work: (job: T) => Promise<void>,
): Promise<void> {
  const queue = jobs[Symbol.iterator]();
  const worker = async () => {
    for (let next = queue.next(); next.done !== true; next = queue.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: workers }, worker));
}
