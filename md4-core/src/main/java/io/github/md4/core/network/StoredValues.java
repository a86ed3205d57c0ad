// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import io.github.md4.core.FloatFormat;
import java.nio.ByteBuffer;

/**
 * Elements of a parameter as a file has them, [n] for n times {@code format.bytes} bytes.
 *
 * @param format the format of each
 * @param data row-major from position to limit, in direct memory that is aligned to the format;
 *     memory-mapped as a rule
 */
public record StoredValues(FloatFormat format, ByteBuffer data) {}
