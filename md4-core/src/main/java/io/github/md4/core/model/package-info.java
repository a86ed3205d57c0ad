// SPDX-License-Identifier: Apache-2.0
/** Models as files and folders that are either whole or not there. */
package io.github.md4.core.model;
