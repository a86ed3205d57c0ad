// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.service;

import io.github.md4.sample.service.PendingSamples;
import io.github.md4.sample.trajectory.TokenEvent;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;

/**
 * The events of one request on their way to one subscriber, which takes them at its own pace on
 * threads of an executor.
 */
public final class EventStream implements Flow.Publisher<TokenEvent> {
  /** The events that a subscriber may be behind before its request waits for it. */
  private static final int MOST_BEHIND = 256;

  private final Executor executor;
  private final Runnable onRoom;
  private final Queue<TokenEvent> kept = new ArrayDeque<>();
  private Flow.Subscriber<? super TokenEvent> subscriber; // null before the subscription
  private long demand;
  private boolean isDropped; // too many before a subscription, or cancelled
  private boolean isEnded;
  private Throwable failure; // of the request, or of the subscriber's use; null without one
  private boolean isSubscribed; // once the subscriber knows
  private boolean isDelivering;

  /**
   * @param onRoom called where a request that waited for the subscriber may go on
   */
  EventStream(Executor executor, Runnable onRoom) {
    this.executor = executor;
    this.onRoom = onRoom;
  }

  /** Takes an event. */
  synchronized void add(TokenEvent event) {
    if (isDropped || isEnded) { // ended also by a subscriber's wrong use
      return;
    }
    if (subscriber == null && kept.size() == PendingSamples.MOST_KEPT) {
      isDropped = true;
      kept.clear();
      return;
    }
    kept.add(event);
    deliver();
  }

  /**
   * Ends the events, with a failure unless it is null. Those that a subscriber's wrong use has
   * ended have its failure, though the request ends well before that is told.
   */
  synchronized void end(Throwable cause) {
    if (!isEnded) {
      isEnded = true;
      failure = cause;
      deliver();
    }
  }

  /** Returns whether the request may make a call. */
  synchronized boolean hasRoom() {
    return subscriber == null || isDropped || kept.size() < MOST_BEHIND;
  }

  @Override
  public void subscribe(Flow.Subscriber<? super TokenEvent> other) {
    Objects.requireNonNull(other, "subscriber");
    String refusal = take(other);
    if (refusal != null) {
      other.onSubscribe(new Ignored());
      other.onError(new IllegalStateException(refusal));
      return;
    }
    other.onSubscribe(new Demand());
    synchronized (this) {
      isSubscribed = true;
      deliver();
    }
  }

  private synchronized String take(Flow.Subscriber<? super TokenEvent> other) {
    if (subscriber != null) {
      return "the events of a request have one subscriber";
    }
    if (isDropped) {
      return "more than %d events came before the subscription".formatted(PendingSamples.MOST_KEPT);
    }
    subscriber = other;
    return null;
  }

  /** Starts a delivery, if there is something to say and none is under way. */
  private void deliver() {
    if (isSubscribed && !isDelivering && isAnythingDue()) {
      isDelivering = true;
      executor.execute(this::deliverAll);
    }
  }

  private boolean isAnythingDue() {
    return !isDropped && ((demand > 0 && !kept.isEmpty()) || (isEnded && kept.isEmpty()));
  }

  private void deliverAll() {
    while (true) {
      TokenEvent event;
      Throwable cause;
      boolean isRoomMade;
      synchronized (this) {
        if (!isAnythingDue()) {
          isDelivering = false;
          return;
        }
        event = kept.poll();
        cause = failure;
        isRoomMade = kept.size() == MOST_BEHIND - 1;
        if (event == null) {
          isDropped = true; // nothing after the end
        } else {
          demand--;
        }
      }
      tell(event, cause);
      if (isRoomMade) {
        onRoom.run();
      }
    }
  }

  private void tell(TokenEvent event, Throwable cause) {
    try {
      if (event != null) {
        subscriber.onNext(event);
      } else if (cause == null) {
        subscriber.onComplete();
      } else {
        subscriber.onError(cause);
      }
    } catch (RuntimeException e) {
      drop(); // a subscriber that throws has ended its subscription
    }
  }

  private void drop() {
    synchronized (this) {
      isDropped = true;
      kept.clear();
    }
    onRoom.run();
  }

  private void failSubscription(String reason) {
    synchronized (this) {
      kept.clear();
      isEnded = true;
      failure = new IllegalArgumentException(reason);
      deliver();
    }
    onRoom.run();
  }

  private final class Demand implements Flow.Subscription {
    @Override
    public void request(long n) {
      if (n <= 0) {
        failSubscription("a subscriber must request more than nothing: " + n);
        return;
      }
      synchronized (EventStream.this) {
        demand = demand + n < 0 ? Long.MAX_VALUE : demand + n;
        deliver();
      }
    }

    @Override
    public void cancel() {
      drop();
    }
  }

  private static final class Ignored implements Flow.Subscription {
    @Override
    public void request(long n) {}

    @Override
    public void cancel() {}
  }
}
