// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.internal.service;

import io.github.md4.sample.trajectory.Sample;
import io.github.md4.sample.trajectory.SamplingListener;
import io.github.md4.sample.trajectory.TokenEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The way of what happens to a request to a listener on the thread that waits for the request. It
 * hears of each call before the next one, and holds up no other request.
 */
public final class ListenerRelay implements JobListener {
  private final SamplingListener listener;
  private final Runnable onRoom;
  private List<Consumer<SamplingListener>> collected = new ArrayList<>(); // the scheduler's
  private List<Consumer<SamplingListener>> told; // null where there is nothing to tell
  private List<Consumer<SamplingListener>> rest; // told last; null where there is none
  private boolean isEnded;
  private long toldAt; // nanoseconds

  /**
   * @param onRoom called where the request may go on
   */
  public ListenerRelay(SamplingListener listener, Runnable onRoom) {
    this.listener = listener;
    this.onRoom = onRoom;
  }

  @Override
  public void called(int done, int planned) {
    collected.add(to -> to.called(done, planned));
  }

  @Override
  public boolean readsPlanned() {
    return listener.readsPlanned();
  }

  @Override
  public void changed(TokenEvent event) {
    collected.add(to -> to.changed(event));
  }

  @Override
  public void finished(Sample sample) {
    collected.add(to -> to.finished(sample));
  }

  @Override
  public synchronized boolean hasRoom() {
    return told == null;
  }

  @Override
  public synchronized long heldUp() {
    return told == null ? 0 : System.nanoTime() - toldAt;
  }

  @Override
  public synchronized void flush() {
    told = collected;
    toldAt = System.nanoTime();
    collected = new ArrayList<>();
    notifyAll();
  }

  @Override
  public synchronized void ended(Throwable cause) {
    if (cause == null) {
      rest = collected; // of sequences that needed no call
    }
    isEnded = true;
    notifyAll();
  }

  /**
   * Tells the listener all that happens, until the request has ended.
   *
   * @throws InterruptedException if the thread is interrupted while it waits
   */
  public void tellAll() throws InterruptedException {
    for (List<Consumer<SamplingListener>> some = take(); some != null; some = take()) {
      some.forEach(each -> each.accept(listener));
      synchronized (this) {
        told = null;
      }
      onRoom.run();
    }
  }

  /** Waits for what there is to tell; null after the end. */
  private synchronized List<Consumer<SamplingListener>> take() throws InterruptedException {
    while (told == null && !isEnded) {
      wait();
    }
    if (told != null) {
      return told;
    }
    List<Consumer<SamplingListener>> last = rest;
    rest = null;
    return last;
  }
}
