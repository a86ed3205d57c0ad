// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

/** The end of a job by a failure, in this process or in another. */
public final class JobException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final transient JobFailure failure;

  /** Whether another process has told of it. */
  private final boolean isOfAnother;

  /**
   * @param isOfAnother true where another process has told of it
   */
  JobException(JobFailure failure, boolean isOfAnother) {
    super(failure.text());
    this.failure = failure;
    this.isOfAnother = isOfAnother;
  }

  /** {@return whether another process has told of it, so that the job's listener ends this one} */
  public boolean isOfAnother() {
    return isOfAnother;
  }

  /**
   * {@return the exit code of all processes: 1 where the job may be tried again, 2 usage, 3 data, 4
   * device}
   */
  public int code() {
    return failure.code();
  }
}
