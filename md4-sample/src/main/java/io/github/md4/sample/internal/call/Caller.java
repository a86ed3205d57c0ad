// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.call;

import java.util.List;

/** A maker of calls; requests whose callers are equal can share a call. */
public interface Caller {

  /** Makes a call, which takes the sequences of all parts. */
  void run(List<CallPart> parts);

  /** Returns whether a call takes sequences of several lengths. */
  boolean takesLengths();

  /** A maker of calls with a memory of the sequences of one request. */
  record Remembering(BatchedQuery query) implements Caller {
    @Override
    public void run(List<CallPart> parts) {
      parts.forEach(part -> part.drawBy(query));
    }

    @Override
    public boolean takesLengths() {
      return false;
    }
  }
}
