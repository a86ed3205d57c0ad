// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.service;

import io.github.md4.sample.trajectory.SamplingListener;
import io.github.md4.sample.trajectory.TokenEvent;

/** The way of what happens to a request to whoever wants to hear of it. */
public interface JobListener extends SamplingListener {

  /** Returns whether the request may make a further call. */
  boolean hasRoom();

  /**
   * Returns for how many nanoseconds a thread has been in the listener; such a thread may wait for
   * whoever closes the model.
   */
  default long heldUp() {
    return 0;
  }

  /** Ends what one call has to tell. */
  void flush();

  /** Hears that the request has ended, with a failure unless it is null. */
  void ended(Throwable cause);

  /** Of a request that nobody listens to. */
  record Deaf() implements JobListener {
    @Override
    public void called(int done, int planned) {}

    @Override
    public boolean hasRoom() {
      return true;
    }

    @Override
    public void flush() {}

    @Override
    public void ended(Throwable cause) {}
  }

  /** To the subscriber of an {@link EventStream}. */
  record ToStream(EventStream stream) implements JobListener {
    @Override
    public void called(int done, int planned) {}

    @Override
    public void changed(TokenEvent event) {
      stream.add(event);
    }

    @Override
    public boolean hasRoom() {
      return stream.hasRoom();
    }

    @Override
    public void flush() {}

    @Override
    public void ended(Throwable cause) {
      stream.end(cause);
    }
  }
}
