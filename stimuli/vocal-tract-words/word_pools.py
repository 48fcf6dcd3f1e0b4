"""The words that may enter the set: concrete everyday nouns, one pool a category.

`bat` is the first noun sense of "bat" in WordNet 3.0, `mole.6` the sixth of "mole". Every word is
one or two syllables, stands in CMUdict and in one pool only, and is spelled and said in one way.
"""

from __future__ import annotations

POOLS = {
    "animal": """bat bee bear bird bull cat calf chick cow crab deer dove duck dog fish fly fox
        frog goat goose hen hawk horse hound lamb lion louse mole.6 moth mouse mule owl ox pig rat
        seal.9 shark sheep snail snake swan toad whale.2 wolf worm wasp.2 moose ram.5 rabbit
        monkey zebra lizard spider beetle donkey.2 turkey leech bunny.2""",
    "food": """bread bun butter cheese cake.3 pie rice soup stew.2 meat ham beef.2 fig.4 lime.6
        lemon melon bean pea leek.2 jam jelly honey sauce salad sugar milk wine beer tea juice rum
        gin toast fudge mint.4 date.8 loaf noodle muffin bacon onion.3 garlic.2 cherry.3 peach.3
        pear plum.2 lunch nut chips yam.3 radish""",
    "body": """arm leg foot hand head face nose neck chin cheek lip mouth tooth tongue ear eye
        hair shin knee thigh hip heel.2 toe thumb wrist waist chest lung rib.2 jaw skin bone back
        shoulder elbow finger heart.2 liver nail fist palm vein womb throat beard gum.2 belly""",
    "clothing": """hat cap coat shirt skirt.2 dress sock shoe boot belt.2 scarf glove.2 vest robe
        suit shawl gown tie jacket sandal sweater bra cape.2 wig bonnet apron blouse mitten pants
        tights shorts kilt sari jersey.3 sash.2 veil""",
    "tool": """hammer.2 saw.2 axe file.4 drill shovel spade.2 rake.3 hoe knife chisel wrench.3
        lever wedge.6 needle.3 hook.5 broom mop net.2 screw.4 bolt.6 chain.3 razor whip latch lock
        key wheel fan hatchet gun bomb sword rifle rod vise ladder rope shears""",
    "container": """dish bowl cup mug.4 jug pot pan.3 jar kettle ladle tray bottle glass.2 vase
        basin bag box sack can bin barrel.2 basket bucket case.5 purse wallet pouch tub keg.2
        vat.2 tank.2 pail safe thermos mailbox""",
    "furniture": """bed chair desk shelf lamp couch bench stool rug mat sofa sheet.3 pillow mirror
        table.2 clock watch quilt oven sink crib cot.2 dresser carpet seat.3 towel rack
        drawer bath.3""",
    "building": """house hut.2 barn shed church.2 jail shop mill tent lodge.3 fort.2 tower
        school.2 chapel temple cabin.2 inn mosque hall.2 door wall window floor.2 attic cellar
        porch gate fence bridge dam shack villa.2 palace castle garage kitchen cage dome.4 den.4
        booth.2 roof""",
    "vehicle": """car van.5 bus bike.2 boat ship jeep jet sled wagon ferry taxi truck plane yacht
        barge cart canoe hearse limo moped scooter.3 rocket tug.2 buggy sedan kayak balloon
        tanker sub.2 sleigh raft train""",
    "landscape": """hill lake sea cave cliff beach bay shore island valley ridge reef pond marsh
        river dune gulf ditch.2 gorge bog meadow park field garden lawn ocean fjord canyon desert
        moor.2 heath.2 city town village.2 farm zone peak.4 forest.2 yard.2 ledge road lane""",
    "weather": """rain snow fog mist hail storm gale breeze haze cloud.2 sleet shower.3 moon star.3
        sun frost dew thunder.2 rainbow lightning sky ice cyclone blizzard""",
    "plant": """tree fern rose lily oak.2 ash.2 elm pine fir.2 vine weed herb bush leaf root bud
        seed daisy tulip ivy willow birch.2 beech reed hemp.2 shrub holly cactus poppy sage.3
        thyme heather stem.2 branch.2 pod.2 bulb petal lotus iris orchid moss thorn.2 hedge
        log bark""",
    "person": """man boy girl baby niece nephew mother father sister uncle aunt wife husband nun
        monk king queen.2 nurse maid chef judge thief bride groom lady child witch guard cook boss
        mayor pilot sailor lawyer soldier guest host twin dad widow hero vet poet son actor
        farmer doctor dentist fool youth duke""",
    "sound": """hum.3 thud hiss buzz moan sigh laugh yell shout roar howl moo chirp bang.2 boom
        click whisper squeak beep thump snore knock wail neigh rumble murmur hoot giggle sizzle
        rattle whoop""",
    "material": """gold.3 silver iron steel tin zinc brass nickel wood wool silk lace.2 felt linen
        satin velvet leather suede fur wax foam.2 mud clay sand chalk salt soot rubber paper nylon
        denim.2 jade ruby pearl soap gauze mesh.4 cotton copper marble bronze oil dust dirt
        glue paste""",
}

HOMOPHONES = """
    aunt beach bear bee beech bin bread cellar dam deer dew eye fir fur gate guest hail hair
    hall heel horse inn key knee leek maid meat mist moan moor moose nose nun pail pea peak
    pear pie plane plum rain reed road root rose sea shoe sleigh son steel sun sword tea thyme
    tie toe vein vise wail waist wax whale wheel wine witch wood
"""
"""Words of the pools that sound like another common word, which is what one may well hear."""
