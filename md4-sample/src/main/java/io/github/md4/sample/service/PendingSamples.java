// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.service;

import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.TokenEvent;
import java.util.List;
import java.util.concurrent.Flow;

/** Samples that were asked for: their result, and what is revealed on the way to it. */
public interface PendingSamples extends Pending<List<Sample>> {
  /** The most events that are kept where nobody has subscribed. */
  int MOST_KEPT = 1 << 16;

  /**
   * Returns the changed positions, from the first on and in their order, for one subscriber.
   *
   * <p>A request whose subscriber is slow waits for it: it makes no further call of the network
   * while many events are not asked for, and holds up no other request. Before a subscription
   * events are kept, up to {@link #MOST_KEPT}; a subscriber after that many, like a second one, is
   * told an {@link IllegalStateException}. The subscriber hears {@code onComplete} after the last
   * sample, {@code onError} where the request fails; its own cancellation ends the events, not the
   * request.
   *
   * @return the same publisher each time
   */
  Flow.Publisher<TokenEvent> events();
}
