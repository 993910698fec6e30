/** Which workers are there, what each is able to do, and what it is doing. */
@NullMarked
package dev.quern.contract.presence;

import org.jspecify.annotations.NullMarked;
