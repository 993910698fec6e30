package dev.quern.engine.backend.trip;

import dev.quern.engine.backend.Memory;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.Transformer;

/** Steps of a decoder on the host. */
public class TripTransformer implements Transformer {
    private final RoundTrip trips;
    private final Memory device;
    private final Transformer host;

    /** @param device whose tensors are taken */
    public TripTransformer(RoundTrip trips, Memory device) {
        this.trips = trips;
        this.device = device;
        this.host = trips.host().transformer();
    }

    @Override
    public void embedding(Tensor ids, Tensor table, Tensor target) {
        trips.perform("embedding", device, trip -> host.embedding(trip.in(ids), trip.in(table), trip.out(target)));
    }

    @Override
    public void rmsNorm(Tensor x, Tensor weight, double eps, Tensor target) {
        trips.perform("rmsNorm", device, trip -> host.rmsNorm(trip.in(x), trip.in(weight), eps, trip.out(target)));
    }

    @Override
    public void rope(Tensor x, int seqLen, int headDim, Tensor cos, Tensor sin) {
        trips.perform("rope", device, trip -> host.rope(trip.inOut(x), seqLen, headDim, trip.in(cos), trip.in(sin)));
    }

    @Override
    public void attention(
            Tensor q, Tensor k, Tensor v, int seqLen, int heads, int kvHeads, double scale, Tensor target) {
        trips.perform(
                "attention",
                device,
                trip -> host.attention(
                        trip.in(q), trip.in(k), trip.in(v), seqLen, heads, kvHeads, scale, trip.out(target)));
    }

    @Override
    public void siluGate(Tensor gate, Tensor up, Tensor target) {
        trips.perform("siluGate", device, trip -> host.siluGate(trip.in(gate), trip.in(up), trip.out(target)));
    }

    @Override
    public void fakeQuantize(Tensor x, TokenGrid grid, Tensor target) {
        trips.perform("fakeQuantize", device, trip -> host.fakeQuantize(trip.in(x), grid, trip.out(target)));
    }

    @Override
    public void divergence(
            Tensor original,
            Tensor compressed,
            Tensor labels,
            Tensor nllOriginal,
            Tensor nllCompressed,
            Tensor kl,
            Tensor top1) {
        trips.perform(
                "divergence",
                device,
                trip -> host.divergence(
                        trip.in(original),
                        trip.in(compressed),
                        trip.in(labels),
                        trip.out(nllOriginal),
                        trip.out(nllCompressed),
                        trip.out(kl),
                        trip.out(top1)));
    }
}
