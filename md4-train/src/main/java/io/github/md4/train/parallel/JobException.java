// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

/** The end of a job by a failure, in this process or in another. */
public final class JobException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final transient JobFailure failure;

  JobException(JobFailure failure) {
    super(failure.text());
    this.failure = failure;
  }

  /** Returns the exit code of all processes. */
  public int code() {
    return failure.code();
  }
}
