// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.nccl;

import com.sun.jna.Structure;
import com.sun.jna.Structure.FieldOrder;

/** NCCL's name of a group of processes, as its functions take it. */
@FieldOrder("internal")
public class UniqueId extends Structure {
  static final int BYTES = 128;

  /** The content, which means nothing to us. */
  public byte[] internal = new byte[BYTES];

  /** The same, handed over as a value. */
  public static final class ByValue extends UniqueId implements Structure.ByValue {
    static ByValue of(byte[] content) {
      ByValue id = new ByValue();
      System.arraycopy(content, 0, id.internal, 0, BYTES);
      return id;
    }
  }
}
