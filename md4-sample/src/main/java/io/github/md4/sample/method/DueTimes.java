// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.method;

import java.util.Arrays;

/**
 * The positions of a sequence that are due at times, the latest time first: a binary heap, so that
 * a step costs nothing for the positions that it leaves alone.
 */
final class DueTimes {
  private final double[] times; // of the positions in the heap, [N]
  private final int[] heap; // the latest time first; of equal ones the largest position
  private int size;

  /**
   * @param length N, the number of positions
   */
  DueTimes(int length) {
    this.times = new double[length];
    this.heap = new int[length];
  }

  /** Returns the same positions, times and order, independent of these. */
  DueTimes copy() {
    DueTimes copy = new DueTimes(times.length);
    System.arraycopy(times, 0, copy.times, 0, times.length);
    System.arraycopy(heap, 0, copy.heap, 0, size);
    copy.size = size;
    return copy;
  }

  /** Adds a position, which must not be here yet, at a time. */
  void add(int position, double time) {
    times[position] = time;
    int at = size++;
    while (at > 0 && isBefore(position, heap[(at - 1) / 2])) {
      heap[at] = heap[(at - 1) / 2];
      at = (at - 1) / 2;
    }
    heap[at] = position;
  }

  boolean isEmpty() {
    return size == 0;
  }

  /** Returns the latest time; there must be one. */
  double latest() {
    return times[heap[0]];
  }

  /** Removes all positions of the latest time, and returns them in ascending order. */
  int[] takeLatest() {
    int before = size;
    double time = latest();
    while (size > 0 && times[heap[0]] == time) {
      removeFirst();
    }
    return Arrays.copyOfRange(heap, size, before); // the first taken is the last of them
  }

  /** Moves the first position behind the others. */
  private void removeFirst() {
    int first = heap[0];
    int last = heap[--size];
    int at = 0;
    int child = child(at);
    while (child < size && isBefore(heap[child], last)) {
      heap[at] = heap[child];
      at = child;
      child = child(at);
    }
    heap[at] = last;
    heap[size] = first;
  }

  /** Returns the place of the first of two children; outside the heap if there is none. */
  private int child(int at) {
    int left = 2 * at + 1;
    return left + 1 < size && isBefore(heap[left + 1], heap[left]) ? left + 1 : left;
  }

  private boolean isBefore(int a, int b) {
    return times[a] > times[b] || (times[a] == times[b] && a > b);
  }
}
