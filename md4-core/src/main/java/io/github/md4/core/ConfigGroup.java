// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core;

/**
 * A record whose components are keys of the section that holds it: a group in Java that is none in
 * the file.
 */
public interface ConfigGroup {}
