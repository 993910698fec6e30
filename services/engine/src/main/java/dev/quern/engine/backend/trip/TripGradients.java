package dev.quern.engine.backend.trip;

import dev.quern.engine.backend.Gradients;
import dev.quern.engine.backend.Memory;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.trip.RoundTrip.Trip;

/** Steps of a decoder backwards on the host. */
public class TripGradients implements Gradients {
    private final RoundTrip trips;
    private final Memory device;
    private final Gradients host;

    /** @param device whose tensors are taken */
    public TripGradients(RoundTrip trips, Memory device) {
        this.trips = trips;
        this.device = device;
        this.host = trips.host().gradients();
    }

    @Override
    public void rmsNormVjp(Tensor x, Tensor weight, double eps, Tensor gradient, Tensor target) {
        trips.perform(
                "rmsNormVjp",
                device,
                trip -> host.rmsNormVjp(trip.in(x), trip.in(weight), eps, trip.in(gradient), trip.out(target)));
    }

    @Override
    public void attentionVjp(Attention attention, Tensor gradient, Tensor dq, Tensor dk, Tensor dv) {
        trips.perform(
                "attentionVjp",
                device,
                trip -> host.attentionVjp(
                        in(trip, attention), trip.in(gradient), trip.out(dq), trip.out(dk), trip.out(dv)));
    }

    private static Attention in(Trip trip, Attention attention) {
        return new Attention(
                trip.in(attention.q()),
                trip.in(attention.k()),
                trip.in(attention.v()),
                attention.seqLen(),
                attention.heads(),
                attention.kvHeads(),
                attention.scale());
    }

    @Override
    public void siluGateVjp(Tensor gate, Tensor up, Tensor gradient, Tensor dGate, Tensor dUp) {
        trips.perform(
                "siluGateVjp",
                device,
                trip -> host.siluGateVjp(
                        trip.in(gate), trip.in(up), trip.in(gradient), trip.out(dGate), trip.out(dUp)));
    }

    @Override
    public void sampleLabels(Tensor logits, long seed, long firstToken, Tensor labels) {
        trips.perform(
                "sampleLabels", device, trip -> host.sampleLabels(trip.in(logits), seed, firstToken, trip.out(labels)));
    }

    @Override
    public void logitGradient(Tensor logits, Tensor labels, Tensor target) {
        trips.perform(
                "logitGradient",
                device,
                trip -> host.logitGradient(trip.in(logits), trip.in(labels), trip.out(target)));
    }
}
