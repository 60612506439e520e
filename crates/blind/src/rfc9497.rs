//! The vectors of RFC 9497, appendix A.1.2 (ristretto255-SHA512, VOPRF mode), through the types of this crate.
//!
//! The vectors fix what a caller cannot: blinds, and the random scalar of a proof. They come out of a scripted source of
//! randomness. The library draws a scalar as 64 bytes, little-endian, reduced modulo the order of the group; so the 32
//! bytes of a canonical scalar and 32 zero bytes come out as that scalar.

use data_encoding::HEXLOWER;
use rand::{CryptoRng, RngCore};
use sealpost_wire::Secret;
use voprf::VoprfServer;

use crate::Epoch;
use crate::purpose::Input;
use crate::{BlindState, BlindedBatch, EvaluatedBatch, PrfOutput, PublicKey, Purpose, ServerKey};

const SEED: [u8; 32] = [0xA3; 32];
const KEY_INFO: &[u8] = b"test key";
const SK: &str = "e6f73f344b79b379f1a0dd37e07ff62e38d9f71345ce62ae3a9bc60b04ccd909";
const PK: &str = "c803e2cc6b05fc15064549b5920659ca4a77b2cca6f04f6b357009335476ad4e";

const INPUT_1: &str = "00";
const INPUT_2: &str = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";
const SCALAR_1: &str = "64d37aed22a27f5191de1c1d69fadb899d8862b58eb4220029e036ec4c1f6706";
const SCALAR_2: &str = "222a5e897cf59db8145db8d16e597e8facb80ae7d4e26d9881aa6f61d645fc0e";
const SCALAR_3: &str = "419c4f4f5052c53c45f3da494d2b67b220d02118e0857cdbcf037f9ea84bbe0c";
const OUTPUT_1: &str = "b58cfbe118e0cb94d79b5fd6a6dafb98764dff49c14e1770b566e42402da1a7d\
                        a4d8527693914139caee5bd03903af43a491351d23b430948dd50cde10d32b3c";
const OUTPUT_2: &str = "8a9a2f3c7f085b65933594309041fc1898d42d0858e59f90814ae90571a6df60\
                        356f4610bf816f27afdd84f47719e480906d27ecd994985890e5f539e7ea74b6";

/// One vector. Several elements are joined, as they are on the network.
struct Vector {
    inputs: &'static [&'static str],
    blinds: &'static [&'static str],
    blinded: &'static [&'static str],
    evaluated: &'static [&'static str],
    proof: &'static str,
    proof_scalar: &'static str,
    outputs: &'static [&'static str],
}

const A_1_2_1: Vector = Vector {
    inputs: &[INPUT_1],
    blinds: &[SCALAR_1],
    blinded: &["863f330cc1a1259ed5a5998a23acfd37fb4351a793a5b3c090b642ddc439b945"],
    evaluated: &["aa8fa048764d5623868679402ff6108d2521884fa138cd7f9c7669a9a014267e"],
    proof: "ddef93772692e535d1a53903db24367355cc2cc78de93b3be5a8ffcc6985dd06\
            6d4346421d17bf5117a2a1ff0fcb2a759f58a539dfbe857a40bce4cf49ec600d",
    proof_scalar: SCALAR_2,
    outputs: &[OUTPUT_1],
};

const A_1_2_2: Vector = Vector {
    inputs: &[INPUT_2],
    blinds: &[SCALAR_1],
    blinded: &["cc0b2a350101881d8a4cba4c80241d74fb7dcbfde4a61fde2f91443c2bf9ef0c"],
    evaluated: &["60a59a57208d48aca71e9e850d22674b611f752bed48b36f7a91b372bd7ad468"],
    proof: "401a0da6264f8cf45bb2f5264bc31e109155600babb3cd4e5af7d181a2c9dc0a\
            67154fabf031fd936051dec80b0b6ae29c9503493dde7393b722eafdf5a50b02",
    proof_scalar: SCALAR_2,
    outputs: &[OUTPUT_2],
};

const A_1_2_3: Vector = Vector {
    inputs: &[INPUT_1, INPUT_2],
    blinds: &[SCALAR_1, SCALAR_2],
    blinded: &[
        "863f330cc1a1259ed5a5998a23acfd37fb4351a793a5b3c090b642ddc439b945",
        "90a0145ea9da29254c3a56be4fe185465ebb3bf2a1801f7124bbbadac751e654",
    ],
    evaluated: &[
        "aa8fa048764d5623868679402ff6108d2521884fa138cd7f9c7669a9a014267e",
        "cc5ac221950a49ceaa73c8db41b82c20372a4c8d63e5dded2db920b7eee36a2a",
    ],
    proof: "cc203910175d786927eeb44ea847328047892ddf8590e723c37205cb74600b0a\
            5ab5337c8eb4ceae0494c2cf89529dcf94572ed267473d567aeed6ab873dee08",
    proof_scalar: SCALAR_3,
    outputs: &[OUTPUT_1, OUTPUT_2],
};

/// Yields these scalars, one for each drawing, and nothing after them.
struct Scalars(std::vec::IntoIter<Vec<u8>>);

impl Scalars {
    fn new(scalars: &[&str]) -> Self {
        Self(scalars.iter().map(|scalar| hex(scalar)).collect::<Vec<_>>().into_iter())
    }
}

impl RngCore for Scalars {
    fn next_u32(&mut self) -> u32 {
        unreachable!("scalars are drawn as bytes")
    }

    fn next_u64(&mut self) -> u64 {
        unreachable!("scalars are drawn as bytes")
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        let (scalar, zeros) = bytes.split_at_mut(32);
        scalar.copy_from_slice(&self.0.next().expect("one more scalar was drawn than the vector has"));
        zeros.copy_from_slice(&[0; 32]);
    }
}

impl CryptoRng for Scalars {}

fn hex(text: &str) -> Vec<u8> {
    HEXLOWER.decode(text.as_bytes()).unwrap()
}

fn server() -> ServerKey {
    let server = VoprfServer::new_from_seed(&SEED, KEY_INFO).unwrap();
    ServerKey { purpose: Purpose::Discovery(Epoch(0)), server }
}

fn blind(vector: &Vector) -> (BlindState, BlindedBatch) {
    let inputs = vector.inputs.iter().map(|input| Input::bare(&hex(input))).collect();
    BlindState::blind_inputs(inputs, Vec::new(), &mut Scalars::new(vector.blinds)).unwrap()
}

fn check(vector: &Vector) {
    let (state, blinded) = blind(vector);
    assert_eq!(blinded.to_bytes(), hex(&vector.blinded.concat()));

    let received = BlindedBatch::from_bytes(&hex(&vector.blinded.concat())).unwrap();
    let evaluated = server().evaluate(&received, &mut Scalars::new(&[vector.proof_scalar]));
    let answer = hex(&[&vector.evaluated.concat(), vector.proof].concat());
    assert_eq!(evaluated.to_bytes(), answer);

    let key = PublicKey::from_bytes(hex(PK).as_slice().try_into().unwrap()).unwrap();
    let outputs = state.finalize(&key, &EvaluatedBatch::from_bytes(&answer).unwrap()).unwrap();
    let outputs: Vec<_> = outputs.iter().map(|output| HEXLOWER.encode(output.expose())).collect();
    assert_eq!(outputs, vector.outputs);
}

#[test]
fn the_key_pair_is_that_of_the_rfc() {
    let server = server();
    assert_eq!(server.server.serialize().to_vec(), hex(&[SK, PK].concat()));
    assert_eq!(server.public().to_bytes().to_vec(), hex(PK));
}

#[test]
fn vector_1_batch_of_one() {
    check(&A_1_2_1);
}

#[test]
fn vector_2_batch_of_one() {
    check(&A_1_2_2);
}

#[test]
fn vector_3_batch_of_two_with_one_proof() {
    check(&A_1_2_3);
}

/// The server's own evaluation, which checks tickets, is the same function (RFC 9497, section 3.3.1).
#[test]
fn the_server_computes_the_outputs_of_the_rfc_without_blinding() {
    for (input, output) in [(INPUT_1, OUTPUT_1), (INPUT_2, OUTPUT_2)] {
        let computed = PrfOutput::take(server().server.evaluate(&hex(input)).unwrap());
        assert_eq!(HEXLOWER.encode(computed.expose()), output);
    }
}

/// Derived keys are DeriveKeyPair of the seed with the purpose as its information.
#[test]
fn a_key_is_derived_as_the_rfc_says() {
    let purpose = Purpose::Discovery(Epoch(0x0102));
    let key = ServerKey::derive(&Secret::new(SEED), purpose);
    let info = b"sealpost v1 discovery\x00\x00\x01\x02";
    let expected = VoprfServer::new_from_seed(&SEED, info).unwrap();
    assert!(key.server == expected && key.purpose() == purpose);
}
